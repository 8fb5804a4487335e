/* SPDX-License-Identifier: MIT
 *
 * Rows of a query start a goroutine that waits for their context to be done and only then closes
 * them, which would cancel the context. main never closes the rows.
 *
 * verdict: leak
 */
#include <gorc.h>
#include <stdlib.h>

struct rows {
    gorc_ctx *ctx;
    bool closed;
};

static void close_rows(struct rows *r)
{
    r->closed = true;
    gorc_ctx_cancel(r->ctx);
}

static void await_done(void *arg)
{
    struct rows *r = arg;
    gorc_chan_recv(gorc_ctx_done(r->ctx), NULL); /* HERE: recv */
    close_rows(r);
}

static __attribute__((noinline)) void query(void)
{
    struct rows *r = calloc(1, sizeof *r);
    r->ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_go(await_done, r); /* HERE: go */
    gorc_yield();
}

int main(void)
{
    query(); /* HERE: query */
    return 0;
}
