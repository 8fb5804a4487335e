/* SPDX-License-Identifier: MIT
 *
 * gorc_ctx_cancel_cause happens before a gorc_ctx_cause that is not 0.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_ctx *ctx;

static void first(void *arg)
{
    (void)arg;
    x = 1;
    gorc_ctx_cancel_cause(ctx, 5);
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    if (gorc_ctx_cause(ctx) != 5)
        abort();
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_ctx_free(ctx);
    return 0;
}
