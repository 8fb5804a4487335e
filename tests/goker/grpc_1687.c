/* SPDX-License-Identifier: MIT
 *
 * The transport's writer closes the channel of functions and then enqueues once more: its select
 * has a send on that channel among its cases.
 *
 * verdict: panic
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
    gorc_select(cases, 2); /* HERE: send */
}

static void write_status(void *arg)
{
    struct transport *t = arg;
    enqueue(t, handler);
    gorc_chan_close(t->writes); /* HERE: close */
    enqueue(t, handler);        /* HERE: again */
}

int main(void)
{
    struct transport t = {gorc_chan_new(sizeof(gorc_fn), 0), gorc_chan_new(0, 0)}; /* HERE: made */
    gorc_fn fn;
    gorc_go(write_status, &t); /* HERE: go */
    while (gorc_chan_recv(t.writes, &fn))
        fn(NULL);
    gorc_yield();
    gorc_yield();
    return 0;
}
