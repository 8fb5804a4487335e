/* SPDX-License-Identifier: MIT
 *
 * A mutex is freed while a goroutine waits for it.
 */
#include <gorc.h>
#include <stdlib.h>

static void waits(void *arg)
{
    gorc_mutex_lock(arg); /* HERE: wait */
}

int main(void)
{
    gorc_mutex *p = calloc(1, sizeof *p);

    gorc_procs(1);
    gorc_mutex_lock(p); /* HERE: lock */
    gorc_go(waits, p);  /* HERE: go */
    gorc_yield();
    free(p); /* HERE: free */
    return 0;
}
