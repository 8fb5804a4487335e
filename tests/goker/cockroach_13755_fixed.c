/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of cockroach_13755.c: whoever made the rows closes them.
 */
#include <gorc.h>
#include <stdlib.h>

struct rows {
    gorc_ctx *ctx;
    gorc_chan *finished;
};

static void await_done(void *arg)
{
    struct rows *r = arg;
    gorc_chan_recv(gorc_ctx_done(r->ctx), NULL);
    gorc_chan_close(r->finished);
}

static __attribute__((noinline)) void query(void)
{
    struct rows *r = calloc(1, sizeof *r);
    r->ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    r->finished = gorc_chan_new(0, 0);
    gorc_go(await_done, r);
    gorc_ctx_cancel(r->ctx);
    gorc_chan_recv(r->finished, NULL);
    gorc_ctx_free(r->ctx);
    gorc_chan_unref(r->finished);
    free(r);
}

int main(void)
{
    query();
    return 0;
}
