/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of cockroach_18101.c: the writer waits for the context, too.
 */
#include <gorc.h>
#include <stdlib.h>

struct restore {
    gorc_chan *ready;
    gorc_ctx *ctx;
    gorc_waitgroup both;
};

static void reader(void *arg)
{
    struct restore *r = arg;
    int item;
    while (gorc_chan_recv(r->ready, &item)) {
        gorc_case done = gorc_case_recv(gorc_ctx_done(r->ctx), NULL);
        gorc_select(&done, 1);
        return;
    }
}

static void writer(void *arg)
{
    struct restore *r = arg;
    for (int i = 0; i < 8; i++) {
        gorc_case cases[] = {
            gorc_case_send(r->ready, &i), gorc_case_recv(gorc_ctx_done(r->ctx), NULL)};
        if (gorc_select(cases, 2) == 1)
            break;
    }
    gorc_chan_close(r->ready);
}

int main(void)
{
    struct restore *r = calloc(1, sizeof *r);
    r->ready = gorc_chan_new(sizeof(int), 6);
    r->ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_wg_go(&r->both, reader, r);
    gorc_wg_go(&r->both, writer, r);
    for (int i = 0; i < 10; i++)
        gorc_yield();
    gorc_ctx_cancel(r->ctx);
    gorc_wg_wait(&r->both);
    gorc_ctx_free(r->ctx);
    gorc_chan_unref(r->ready);
    free(r);
    return 0;
}
