/* SPDX-License-Identifier: MIT
 *
 * A wait group is freed while a goroutine waits for it.
 */
#include <gorc.h>
#include <stdlib.h>

static void waits(void *arg)
{
    gorc_wg_wait(arg); /* HERE: wait */
}

int main(void)
{
    gorc_waitgroup *p = calloc(1, sizeof *p);

    gorc_procs(1);
    gorc_wg_add(p, 1); /* HERE: add */
    gorc_go(waits, p); /* HERE: go */
    gorc_yield();
    free(p); /* HERE: free */
    return 0;
}
