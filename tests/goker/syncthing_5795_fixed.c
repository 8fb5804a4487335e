/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of syncthing_5795.c: closing does not wait for the dispatcher.
 */
#include <gorc.h>

struct connection {
    gorc_chan *inbox, *closed, *stopped;
    gorc_once once;
};

static void close_once(void *arg)
{
    struct connection *c = arg;
    gorc_chan_close(c->closed);
}

static void close_connection(struct connection *c)
{
    gorc_once_do(&c->once, close_once, c);
}

static void dispatch(void *arg)
{
    struct connection *c = arg;
    for (;;) {
        gorc_case cases[] = {gorc_case_recv(c->inbox, NULL), gorc_case_recv(c->closed, NULL)};
        if (gorc_select(cases, 2) == 1)
            break;
        close_connection(c);
    }
    gorc_chan_close(c->stopped);
}

static void read_loop(void *arg)
{
    struct connection *c = arg;
    gorc_case cases[] = {gorc_case_send(c->inbox, NULL), gorc_case_recv(c->closed, NULL)};
    while (gorc_select(cases, 2) == 0)
        ;
}

static void run(struct connection *c)
{
    gorc_go(dispatch, c);
    gorc_go(read_loop, c);
    gorc_chan_recv(c->stopped, NULL);
}

int main(void)
{
    struct connection c = {gorc_chan_new(0, 0), gorc_chan_new(0, 0), gorc_chan_new(0, 0), {{0}}};
    run(&c);
    gorc_chan_unref(c.inbox);
    gorc_chan_unref(c.closed);
    gorc_chan_unref(c.stopped);
    return 0;
}
