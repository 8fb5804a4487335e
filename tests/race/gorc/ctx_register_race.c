/* SPDX-License-Identifier: MIT
 *
 * What is done after gorc_ctx_after_func is not ordered before its function.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_ctx *ctx;
static gorc_ctx_stop *stop;
static gorc_waitgroup wg;

static void called(void *arg)
{
    (void)arg;
    if (x == 2)
        abort();
    gorc_wg_done(&wg);
}

static void ask(void *arg)
{
    (void)arg;
    stop = gorc_ctx_after_func(ctx, called, NULL);
    x = 1;
    hidden_step();
}

/* Nothing orders it after the registration. */
static void cancel(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    gorc_ctx_cancel(ctx);
}

int main(void)
{
    ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_wg_add(&wg, 1);
    gorc_wg_go(&wg, ask, NULL);
    gorc_wg_go(&wg, cancel, NULL);
    gorc_wg_wait(&wg);
    gorc_ctx_stop_func(stop);
    gorc_ctx_free(ctx);
    return 0;
}
