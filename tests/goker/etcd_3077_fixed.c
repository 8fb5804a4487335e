/* SPDX-License-Identifier: MIT
 *
 * Repaired: the server makes the channels before it starts the goroutine.
 */
#include <gorc.h>

struct raft {
    gorc_chan *stopped, *done;
};

static void raft_run(void *arg)
{
    struct raft *r = arg;
    gorc_case cases[] = {gorc_case_recv(r->stopped, NULL)};
    gorc_select(cases, 1);
    gorc_chan_close(r->done);
}

static void server_stop(struct raft *r)
{
    gorc_chan_send(r->stopped, NULL);
    gorc_chan_recv(r->done, NULL);
}

int main(void)
{
    struct raft r = {.stopped = gorc_chan_new(0, 0), .done = gorc_chan_new(0, 0)};
    gorc_go(raft_run, &r);
    server_stop(&r);
    gorc_chan_unref(r.stopped);
    gorc_chan_unref(r.done);
    return 0;
}
