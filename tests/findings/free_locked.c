/* SPDX-License-Identifier: MIT
 *
 * Memory is freed, or unmapped, with a lock in it that is held.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

int main(void)
{
    pthread_mutex_t *m = malloc(sizeof *m);
    pthread_rwlock_t *l = malloc(sizeof *l);
    pthread_mutex_t *mapped =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    pthread_mutex_init(m, NULL);      /* HERE: made */
    pthread_mutex_lock(m);            /* HERE: lock */
    free(m);                          /* HERE: free */
    pthread_rwlock_init(l, NULL);     /* HERE: rw-made */
    pthread_rwlock_rdlock(l);         /* HERE: rdlock */
    free(l);                          /* HERE: rw-free */
    pthread_mutex_init(mapped, NULL); /* HERE: map-made */
    pthread_mutex_lock(mapped);       /* HERE: map-lock */
    munmap(mapped, 4096);             /* HERE: unmap */
    return 0;
}
