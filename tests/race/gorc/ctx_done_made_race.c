/* SPDX-License-Identifier: MIT
 *
 * As ctx_done, with the channel asked for before the cancellation.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_ctx *ctx;
static gorc_chan *done;

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
    gorc_case c = gorc_case_recv(done, NULL);
    gorc_select(&c, 1);
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    done = gorc_ctx_done(ctx);
    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_ctx_free(ctx);
    return 0;
}
