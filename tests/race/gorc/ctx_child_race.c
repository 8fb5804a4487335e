/* SPDX-License-Identifier: MIT
 *
 * What the canceller does later is not ordered before the cancellation of a child is seen.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_ctx *ctx;
static gorc_ctx *child;

static void first(void *arg)
{
    (void)arg;
    gorc_ctx_cancel(ctx);
    x = 1;
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    gorc_chan_recv(gorc_ctx_done(child), NULL);
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    child = gorc_ctx_with_cancel(ctx);
    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_ctx_free(ctx);
    gorc_ctx_free(child);
    return 0;
}
