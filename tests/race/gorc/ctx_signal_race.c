/* SPDX-License-Identifier: MIT
 *
 * What is done after sending a signal is not ordered before the cancellation by it is seen.
 */
#include <gorc.h>
#include <signal.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_ctx *ctx;

static void first(void *arg)
{
    (void)arg;
    kill(getpid(), SIGUSR1);
    x = 1;
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    gorc_chan_recv(gorc_ctx_done(ctx), NULL);
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    int sig = SIGUSR1;
    ctx = gorc_ctx_with_signal(gorc_ctx_background(), &sig, 1);
    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_ctx_free(ctx);
    return 0;
}
