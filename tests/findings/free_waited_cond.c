/* SPDX-License-Identifier: MIT
 *
 * A cond is freed while a goroutine waits for it.
 */
#include <gorc.h>
#include <stdlib.h>

static void waits(void *arg)
{
    static gorc_mutex m;

    gorc_mutex_lock(&m);
    gorc_cond_wait(arg, &m); /* HERE: wait */
}

int main(void)
{
    gorc_cond *p = calloc(1, sizeof *p);

    gorc_procs(1);
    gorc_go(waits, p); /* HERE: go */
    gorc_yield();
    free(p); /* HERE: free */
    return 0;
}
