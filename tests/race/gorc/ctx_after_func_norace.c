/* SPDX-License-Identifier: MIT
 *
 * gorc_ctx_cancel happens before the function of gorc_ctx_after_func.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_ctx *ctx;
static gorc_waitgroup wg;

static void called(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    if (x == 2)
        abort();
    gorc_wg_done(&wg);
}

static void cancel(void *arg)
{
    (void)arg;
    x = 1;
    gorc_ctx_cancel(ctx);
    hidden_step();
}

int main(void)
{
    ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_wg_add(&wg, 1);
    gorc_ctx_stop *stop = gorc_ctx_after_func(ctx, called, NULL);
    gorc_wg_go(&wg, cancel, NULL);
    gorc_wg_wait(&wg);
    gorc_ctx_stop_func(stop);
    gorc_ctx_free(ctx);
    return 0;
}
