/* SPDX-License-Identifier: MIT
 *
 * A dispatcher's config message calls the model, which closes the connection: a once closes
 * `closed` and waits for the dispatcher to stop, that is for itself. main waits for it, too.
 *
 * verdict: deadlock
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
    gorc_chan_recv(c->stopped, NULL); /* HERE: self */
}

static void close_connection(struct connection *c)
{
    gorc_once_do(&c->once, close_once, c); /* HERE: once */
}

static void dispatch(void *arg)
{
    struct connection *c = arg;
    for (;;) {
        gorc_case cases[] = {gorc_case_recv(c->inbox, NULL), gorc_case_recv(c->closed, NULL)};
        if (gorc_select(cases, 2) == 1)
            break;
        close_connection(c); /* HERE: config */
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
    gorc_go(dispatch, c); /* HERE: go */
    gorc_go(read_loop, c);
    gorc_chan_recv(c->stopped, NULL); /* HERE: recv */
}

int main(void)
{
    struct connection c = {gorc_chan_new(0, 0), gorc_chan_new(0, 0), gorc_chan_new(0, 0), {{0}}};
    run(&c); /* HERE: run */
    gorc_chan_unref(c.inbox);
    gorc_chan_unref(c.closed);
    gorc_chan_unref(c.stopped);
    return 0;
}
