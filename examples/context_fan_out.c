/* SPDX-License-Identifier: MIT
 *
 * Fan-out with a context: workers search, the first to find something cancels the context, and
 * everybody stops, also the feeder that would block for ever on the jobs nobody takes any more.
 */
#include <gorc.h>
#include <stdio.h>

enum { WORKERS = 4, TARGET = 1009 * 997 };

GORC_CHAN(numbers, int)

struct search {
    gorc_ctx *ctx;
    numbers in, out;
    gorc_waitgroup workers;
};

static void feeder_main(void *arg)
{
    struct search *s = arg;

    for (int n = 2;; n++) {
        gorc_case cases[] = {
            numbers_case_send(numbers_tx_of(s->in), &n),
            gorc_case_recv(gorc_ctx_done(s->ctx), NULL),
        };
        if (gorc_select(cases, 2) == 1)
            break;
    }
    gorc_wg_done(&s->workers);
}

static void worker_main(void *arg)
{
    struct search *s = arg;
    int n;
    gorc_case next[] = {
        numbers_case_recv(numbers_rx_of(s->in), &n),
        gorc_case_recv(gorc_ctx_done(s->ctx), NULL),
    };

    while (gorc_select(next, 2) == 0) {
        if (TARGET % n != 0)
            continue;
        gorc_case found[] = {
            numbers_case_send(numbers_tx_of(s->out), &n),
            gorc_case_recv(gorc_ctx_done(s->ctx), NULL),
        };
        gorc_select(found, 2); /* main takes one factor, not every worker's */
    }
    gorc_wg_done(&s->workers);
}

int main(void)
{
    struct search s = {.in = numbers_new(0), .out = numbers_new(0)};
    int factor;

    s.ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_wg_add(&s.workers, WORKERS + 1);
    gorc_go(feeder_main, &s);
    for (int i = 0; i < WORKERS; i++)
        gorc_go(worker_main, &s);

    numbers_recv(numbers_rx_of(s.out), &factor);
    gorc_ctx_cancel(s.ctx);
    gorc_wg_wait(&s.workers);
    printf("%d = %d * %d\n", TARGET, factor < 1000 ? factor : TARGET / factor,
        factor < 1000 ? TARGET / factor : factor);

    gorc_ctx_free(s.ctx);
    numbers_unref(s.in);
    numbers_unref(s.out);
    return 0;
}
