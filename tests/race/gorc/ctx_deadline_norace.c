/* SPDX-License-Identifier: MIT
 *
 * The start of a deadline happens before whoever sees that it has passed.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
/* handed over without an order */
static gorc_ctx *ctx;

static void first(void *arg)
{
    (void)arg;
    x = 1;
    gorc_ctx *made = gorc_ctx_with_timeout(gorc_ctx_background(), GORC_MILLISECOND);
    __atomic_store_n(&ctx, made, __ATOMIC_RELAXED);
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    gorc_ctx *got = __atomic_load_n(&ctx, __ATOMIC_RELAXED);
    gorc_chan_recv(gorc_ctx_done(got), NULL);
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_ctx_free(ctx);
    return 0;
}
