/* SPDX-License-Identifier: MIT
 *
 * A reader takes one item, then waits for the context and returns; the writer's eighth item finds
 * the buffer of six full.
 *
 * verdict: leak
 */
#include <gorc.h>
#include <stdlib.h>

struct restore {
    gorc_chan *ready;
    gorc_ctx *ctx;
    gorc_waitgroup read;
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
    for (int i = 0; i < 8; i++)
        gorc_chan_send(r->ready, &i); /* HERE: send */
    gorc_chan_close(r->ready);
}

static __attribute__((noinline)) void run(void)
{
    struct restore *r = calloc(1, sizeof *r);
    r->ready = gorc_chan_new(sizeof(int), 6); /* HERE: made */
    r->ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_wg_go(&r->read, reader, r);
    gorc_go(writer, r); /* HERE: go */
    for (int i = 0; i < 10; i++)
        gorc_yield();
    gorc_ctx_free(r->ctx);
    gorc_wg_wait(&r->read);
}

int main(void)
{
    run(); /* HERE: run */
    return 0;
}
