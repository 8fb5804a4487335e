/* SPDX-License-Identifier: MIT
 *
 * A transaction keeps the cancel of its context; a goroutine waits for the context to be done. main
 * returns without rollback.
 *
 * verdict: leak
 */
#include <gorc.h>
#include <stdlib.h>

struct tx {
    gorc_ctx *ctx;
};

static void await_done(void *ctx)
{
    gorc_chan_recv(gorc_ctx_done(ctx), NULL); /* HERE: recv */
}

static __attribute__((noinline)) struct tx *begin(void)
{
    struct tx *tx = malloc(sizeof *tx);
    tx->ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_go(await_done, tx->ctx); /* HERE: go */
    return tx;
}

static __attribute__((noinline)) void work(void)
{
    struct tx *tx = begin(); /* HERE: begin */
    gorc_yield();
    (void)tx;
}

int main(void)
{
    work(); /* HERE: work */
    return 0;
}
