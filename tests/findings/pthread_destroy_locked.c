/* SPDX-License-Identifier: MIT
 *
 * Destruction of a mutex and of a rwlock that are locked.
 */
#include <pthread.h>

static pthread_mutex_t m;
static pthread_rwlock_t l;

int main(void)
{
    pthread_mutex_init(&m, NULL);  /* HERE: made */
    pthread_mutex_lock(&m);        /* HERE: lock */
    pthread_mutex_destroy(&m);     /* HERE: destroy */
    pthread_rwlock_init(&l, NULL); /* HERE: rw-made */
    pthread_rwlock_rdlock(&l);     /* HERE: rw-lock */
    pthread_rwlock_destroy(&l);    /* HERE: rw-destroy */
    return 0;
}
