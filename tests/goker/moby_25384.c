/* SPDX-License-Identifier: MIT
 *
 * A wait group is given two; a loop of two rounds starts one goroutine that does one, and waits for
 * both inside the loop.
 *
 * verdict: leak
 */
#include <gorc.h>
#include <stdlib.h>

static void done(void *wg)
{
    gorc_wg_done(wg);
}

static void build(void *arg)
{
    gorc_waitgroup *wg = arg;
    gorc_wg_add(wg, 2);
    for (int i = 0; i < 2; i++) {
        gorc_go(done, wg);
        gorc_wg_wait(wg); /* HERE: wait */
    }
    free(wg);
}

static __attribute__((noinline)) void start(void)
{
    gorc_go(build, calloc(1, sizeof(gorc_waitgroup))); /* HERE: go */
}

int main(void)
{
    start(); /* HERE: start */
    for (int i = 0; i < 10; i++)
        gorc_yield();
    return 0;
}
