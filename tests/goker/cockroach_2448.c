/* SPDX-License-Identifier: MIT
 *
 * One loop receives an event and runs its callback, which sends on `callbacks`; the other receives
 * callbacks and, when there is none, sends an event. Each is the only receiver that the other
 * needs.
 *
 * verdict: leak
 */
#include <gorc.h>
#include <stdlib.h>

struct node {
    gorc_chan *events, *callbacks, *stop;
};

static void run_callback(struct node *n)
{
    int callback = 1;
    gorc_case cases[] = {gorc_case_send(n->callbacks, &callback), gorc_case_recv(n->stop, NULL)};
    gorc_select(cases, 2); /* HERE: callback */
}

static void event_loop(void *arg)
{
    struct node *n = arg;
    for (;;) {
        gorc_case cases[] = {gorc_case_recv(n->events, NULL), gorc_case_recv(n->stop, NULL)};
        if (gorc_select(cases, 2) == 1)
            return;
        run_callback(n); /* HERE: run */
    }
}

static void send_event(struct node *n)
{
    int event = 1;
    gorc_case cases[] = {gorc_case_send(n->events, &event), gorc_case_recv(n->stop, NULL)};
    gorc_select(cases, 2); /* HERE: event */
}

static void process_loop(void *arg)
{
    struct node *n = arg;
    for (;;) {
        gorc_case cases[] = {gorc_case_recv(n->stop, NULL), gorc_case_recv(n->callbacks, NULL)};
        int chosen = gorc_select_try(cases, 2);
        if (chosen == 0)
            return;
        if (chosen < 0)
            send_event(n); /* HERE: send */
    }
}

static __attribute__((noinline)) void start(void)
{
    struct node *n = malloc(sizeof *n);
    n->events = gorc_chan_new(sizeof(int), 0);
    n->callbacks = gorc_chan_new(sizeof(int), 0);
    n->stop = gorc_chan_new(0, 0);
    gorc_go(process_loop, n); /* HERE: go-process */
    gorc_go(event_loop, n);   /* HERE: go-event */
}

int main(void)
{
    start(); /* HERE: start */
    for (int i = 0; i < 20; i++)
        gorc_yield();
    return 0;
}
