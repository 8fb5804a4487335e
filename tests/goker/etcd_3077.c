/* SPDX-License-Identifier: MIT
 *
 * The raft goroutine makes two channels of its struct when it starts; the server that started it
 * uses both when it stops. Only time is between.
 *
 * verdict: race
 */
#include <gorc.h>

#include "barrier.h"

struct raft {
    gorc_chan *stopped, *done;
};

static void raft_run(void *arg)
{
    struct raft *r = arg;
    r->stopped = gorc_chan_new(0, 0); /* HERE: stopped */
    r->done = gorc_chan_new(0, 0);    /* HERE: done */
    gorc_chan *stopped = r->stopped, *done = r->done;
    hidden_step();
    gorc_case cases[] = {gorc_case_recv(stopped, NULL)};
    gorc_select(cases, 1);
    gorc_chan_close(done);
}

static void server_stop(struct raft *r)
{
    gorc_chan_send(r->stopped, NULL); /* HERE: send */
    gorc_chan_recv(r->done, NULL);
}

int main(void)
{
    struct raft r = {0};
    gorc_go(raft_run, &r); /* HERE: go */
    hidden_yield_until(1);
    server_stop(&r); /* HERE: stop */
    gorc_chan_unref(r.stopped);
    gorc_chan_unref(r.done);
    return 0;
}
