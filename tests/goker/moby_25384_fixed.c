/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of moby_25384.c: it waits after the loop.
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
    }
    gorc_wg_wait(wg);
    free(wg);
}

static __attribute__((noinline)) void start(void)
{
    gorc_go(build, calloc(1, sizeof(gorc_waitgroup)));
}

int main(void)
{
    start();
    for (int i = 0; i < 10; i++)
        gorc_yield();
    return 0;
}
