/* SPDX-License-Identifier: MIT
 *
 * An rwmutex is freed while a reader waits for it.
 */
#include <gorc.h>
#include <stdlib.h>

static void waits(void *arg)
{
    gorc_rwmutex_rlock(arg); /* HERE: wait */
}

int main(void)
{
    gorc_rwmutex *p = calloc(1, sizeof *p);

    gorc_procs(1);
    gorc_rwmutex_lock(p); /* HERE: lock */
    gorc_go(waits, p);    /* HERE: go */
    gorc_yield();
    free(p); /* HERE: free */
    return 0;
}
