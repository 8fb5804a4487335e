/* SPDX-License-Identifier: MIT
 *
 * Repaired: the end is told by `closed` alone, and nobody closes the channel that others send on.
 */
#include <gorc.h>

struct transport {
    gorc_chan *writes, *closed;
};

static void handler(void *arg)
{
    (void)arg;
}

static void enqueue(struct transport *t, gorc_fn fn)
{
    gorc_case first[] = {gorc_case_recv(t->closed, NULL)};
    if (gorc_select_try(first, 1) == 0)
        return;
    gorc_case cases[] = {gorc_case_send(t->writes, &fn), gorc_case_recv(t->closed, NULL)};
    gorc_select(cases, 2);
}

static void write_status(void *arg)
{
    struct transport *t = arg;
    enqueue(t, handler);
    gorc_chan_close(t->closed);
    enqueue(t, handler);
}

int main(void)
{
    struct transport t = {gorc_chan_new(sizeof(gorc_fn), 0), gorc_chan_new(0, 0)};
    gorc_fn fn;
    gorc_go(write_status, &t);
    for (;;) {
        gorc_case cases[] = {gorc_case_recv(t.writes, &fn), gorc_case_recv(t.closed, NULL)};
        if (gorc_select(cases, 2) == 1)
            break;
        fn(NULL);
    }
    gorc_yield();
    gorc_yield();
    gorc_chan_unref(t.writes);
    gorc_chan_unref(t.closed);
    return 0;
}
