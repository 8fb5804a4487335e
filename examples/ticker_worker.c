/* SPDX-License-Identifier: MIT
 *
 * A worker that does something at regular intervals until its context is cancelled: the loop that
 * can always be stopped. Here by a deadline, or by Ctrl-C.
 */
#include <gorc.h>
#include <signal.h>
#include <stdio.h>

struct worker {
    gorc_ctx *ctx;
    gorc_chan *enough; /* closed after some work */
    int ticks;
};

static void worker_main(void *arg)
{
    struct worker *w = arg;
    gorc_ticker *ticker = gorc_ticker_new(2 * GORC_MILLISECOND);
    gorc_case cases[] = {
        gorc_case_recv(gorc_ctx_done(w->ctx), NULL),
        gorc_case_recv(gorc_ticker_chan(ticker), NULL),
    };

    while (gorc_select(cases, 2) == 1)
        if (++w->ticks == 5)
            gorc_chan_close(w->enough);
    gorc_ticker_free(ticker);
}

int main(void)
{
    int sig = SIGINT;
    gorc_ctx *interrupt = gorc_ctx_with_signal(gorc_ctx_background(), &sig, 1);
    gorc_ctx *ctx = gorc_ctx_with_timeout(interrupt, 60 * GORC_SECOND);
    struct worker w = {.ctx = ctx, .enough = gorc_chan_new(0, 0)};
    gorc_waitgroup wg = {0};

    gorc_wg_go(&wg, worker_main, &w);
    gorc_case cases[] = {
        gorc_case_recv(w.enough, NULL),
        gorc_case_recv(gorc_ctx_done(ctx), NULL),
    };
    gorc_select(cases, 2);
    gorc_ctx_cancel(ctx);
    gorc_wg_wait(&wg); /* after this the worker touches nothing of ours */
    printf("worker stopped after at least 5 ticks: %s\n", w.ticks >= 5 ? "yes" : "no");

    gorc_ctx_free(ctx);
    gorc_ctx_free(interrupt);
    gorc_chan_unref(w.enough);
    return 0;
}
