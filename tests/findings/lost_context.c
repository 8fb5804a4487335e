/* SPDX-License-Identifier: MIT
 *
 * A context that is never cancelled and a ticker that is never stopped, both lost when the function
 * returns. They are told, and do not count.
 */
#include <gorc.h>

static gorc_ctx *kept;
gorc_ctx **is_kept = &kept;

static __attribute__((noinline)) void work(void)
{
    gorc_ctx *ctx = gorc_ctx_with_cancel(gorc_ctx_background()); /* HERE: ctx */
    gorc_ticker *ticker = gorc_ticker_new(GORC_SECOND);          /* HERE: ticker */
    if (gorc_ctx_err(ctx))
        gorc_ticker_stop(ticker);
}

/* What work() has left on the stack would count as a reference. */
static __attribute__((noinline)) void scrub(void)
{
    volatile char stack[4096];
    for (size_t i = 0; i < sizeof stack; i++)
        stack[i] = 0;
}

int main(void)
{
    kept = gorc_ctx_with_cancel(gorc_ctx_background());
    work(); /* HERE: work */
    scrub();
    gorc_yield();
    return 0;
}
