/* SPDX-License-Identifier: MIT
 *
 * A semaphore is freed while a goroutine waits for it.
 */
#include <gorc.h>
#include <stdlib.h>

static void waits(void *arg)
{
    gorc_sem_acquire(arg, NULL, 1); /* HERE: wait */
}

int main(void)
{
    gorc_sem *p = calloc(1, sizeof *p);

    gorc_procs(1);
    *p = (gorc_sem)GORC_SEM_INIT(1);
    gorc_sem_acquire(p, NULL, 1);
    gorc_go(waits, p); /* HERE: go */
    gorc_yield();
    free(p); /* HERE: free */
    return 0;
}
