/* SPDX-License-Identifier: MIT
 *
 * Repaired: the channel has room for the result, and the prober drops it.
 */
#include <gorc.h>

#include "barrier.h"

static void prober(void *results)
{
    int healthy = 1;
    hidden_yield_until(2); /* a probe takes its time */
    gorc_chan_send(results, &healthy);
    gorc_chan_close(results);
    gorc_chan_unref(results);
}

/* True: stopped. */
static bool probe(gorc_chan *stop)
{
    int healthy;
    gorc_chan *results = gorc_chan_new(sizeof healthy, 1);
    gorc_ctx *ctx = gorc_ctx_with_timeout(gorc_ctx_background(), 1000 * GORC_SECOND);
    gorc_go(prober, gorc_chan_ref(results));
    hidden_step();
    gorc_case cases[] = {gorc_case_recv(stop, NULL), gorc_case_recv(results, &healthy),
        gorc_case_recv(gorc_ctx_done(ctx), NULL)};
    int chosen = gorc_select(cases, 3);
    gorc_ctx_cancel(ctx);
    if (chosen == 2)
        gorc_chan_recv(results, &healthy);
    gorc_chan_unref(results);
    gorc_ctx_free(ctx);
    return chosen == 0;
}

static void monitor(void *stop)
{
    for (;;) {
        gorc_case cases[] = {gorc_case_recv(stop, NULL), gorc_case_after(0)};
        if (gorc_select(cases, 2) == 0 || probe(stop))
            break;
    }
    hidden_step();
}

static __attribute__((noinline)) void run(void)
{
    gorc_chan *stop = gorc_chan_new(0, 0);
    gorc_go(monitor, stop);
    hidden_yield_until(1);
    gorc_chan_send(stop, NULL);
    gorc_chan_unref(stop);
}

int main(void)
{
    run();
    hidden_yield_until(2);
    gorc_yield();
    return 0;
}
