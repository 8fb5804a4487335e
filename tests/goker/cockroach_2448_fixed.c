/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of cockroach_2448.c: events are sent by a goroutine of their own, which receives no
 * callbacks, and the node is stopped.
 */
#include <gorc.h>

struct node {
    gorc_chan *events, *callbacks, *stop;
    gorc_waitgroup loops;
};

static void run_callback(struct node *n)
{
    int callback = 1;
    gorc_case cases[] = {gorc_case_send(n->callbacks, &callback), gorc_case_recv(n->stop, NULL)};
    gorc_select(cases, 2);
}

static void event_loop(void *arg)
{
    struct node *n = arg;
    for (;;) {
        gorc_case cases[] = {gorc_case_recv(n->events, NULL), gorc_case_recv(n->stop, NULL)};
        if (gorc_select(cases, 2) == 1)
            return;
        run_callback(n);
    }
}

static void send_events(void *arg)
{
    struct node *n = arg;
    int event = 1;
    for (;;) {
        gorc_case cases[] = {gorc_case_send(n->events, &event), gorc_case_recv(n->stop, NULL)};
        if (gorc_select(cases, 2) == 1)
            return;
    }
}

static void process_loop(void *arg)
{
    struct node *n = arg;
    for (;;) {
        gorc_case cases[] = {gorc_case_recv(n->stop, NULL), gorc_case_recv(n->callbacks, NULL)};
        if (gorc_select(cases, 2) == 0)
            return;
    }
}

int main(void)
{
    struct node n = {
        gorc_chan_new(sizeof(int), 0), gorc_chan_new(sizeof(int), 0), gorc_chan_new(0, 0), {{0}}};
    gorc_wg_go(&n.loops, event_loop, &n);
    gorc_wg_go(&n.loops, send_events, &n);
    gorc_wg_go(&n.loops, process_loop, &n);
    for (int i = 0; i < 1000; i++)
        gorc_yield();
    gorc_chan_close(n.stop);
    gorc_wg_wait(&n.loops);
    gorc_chan_unref(n.stop);
    gorc_chan_unref(n.events);
    gorc_chan_unref(n.callbacks);
    return 0;
}
