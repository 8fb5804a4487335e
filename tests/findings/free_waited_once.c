/* SPDX-License-Identifier: MIT
 *
 * A once is freed while a goroutine waits for the end of its function.
 */
#include <gorc.h>
#include <stdlib.h>

static void never_ends(void *arg)
{
    (void)arg;
    gorc_chan_recv(NULL, NULL);
}

static void runs(void *arg)
{
    gorc_once_do(arg, never_ends, NULL);
}

static void waits(void *arg)
{
    gorc_once_do(arg, never_ends, NULL); /* HERE: wait */
    abort();
}

int main(void)
{
    gorc_once *p = calloc(1, sizeof *p);

    gorc_procs(1);
    gorc_go(runs, p);
    gorc_yield();
    gorc_go(waits, p); /* HERE: go */
    gorc_yield();
    free(p); /* HERE: free */
    return 0;
}
