/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of lost_context.c: both are freed.
 */
#include <gorc.h>

static __attribute__((noinline)) void work(void)
{
    gorc_ctx *ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_ticker *ticker = gorc_ticker_new(GORC_SECOND);
    if (gorc_ctx_err(ctx))
        gorc_ticker_stop(ticker);
    gorc_ticker_free(ticker);
    gorc_ctx_free(ctx);
}

int main(void)
{
    work();
    gorc_yield();
    return 0;
}
