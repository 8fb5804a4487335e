/* SPDX-License-Identifier: MIT
 *
 * A poller ticks until its time is over or `done` is closed. main takes one tick, leaves its loop,
 * and waits for `done`, which it would close itself afterwards. When the poller has given up, all
 * are asleep. (20 seconds are 30 ms here.)
 *
 * verdict: deadlock
 */
#include <gorc.h>

#include "barrier.h"

struct poll {
    gorc_chan *tick, *done;
};

static void poller(void *arg)
{
    struct poll *p = arg;
    gorc_ticker *ticker = gorc_ticker_new(GORC_MILLISECOND);
    gorc_chan *after = gorc_after(30 * GORC_MILLISECOND);
    for (;;) {
        /* Its time is not over before main has had its tick, on however slow a machine. */
        gorc_case cases[] = {gorc_case_recv(gorc_ticker_chan(ticker), NULL),
            gorc_case_recv(hidden_steps() ? after : NULL, NULL), gorc_case_recv(p->done, NULL)};
        if (gorc_select(cases, 3) != 0)
            break;
        gorc_chan_try_send(p->tick, NULL);
    }
    gorc_ticker_free(ticker);
    gorc_chan_unref(after);
}

static void wait_for(struct poll *p)
{
    gorc_go(poller, p);
    gorc_chan_recv(p->tick, NULL);
    hidden_step();
    gorc_chan_recv(p->done, NULL); /* HERE: recv */
    gorc_chan_close(p->done);
}

int main(void)
{
    struct poll p = {gorc_chan_new(0, 0), gorc_chan_new(0, 0)};
    wait_for(&p); /* HERE: wait */
    return 0;
}
