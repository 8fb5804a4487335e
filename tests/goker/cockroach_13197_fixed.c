/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of cockroach_13197.c: the transaction is rolled back.
 */
#include <gorc.h>
#include <stdlib.h>

struct tx {
    gorc_ctx *ctx;
};

static void await_done(void *ctx)
{
    gorc_chan_recv(gorc_ctx_done(ctx), NULL);
}

static __attribute__((noinline)) struct tx *begin(void)
{
    struct tx *tx = malloc(sizeof *tx);
    tx->ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_go(await_done, tx->ctx);
    return tx;
}

static __attribute__((noinline)) void work(void)
{
    struct tx *tx = begin();
    gorc_yield();
    gorc_ctx_free(tx->ctx);
    free(tx);
    gorc_yield();
}

int main(void)
{
    work();
    return 0;
}
