/* SPDX-License-Identifier: MIT
 *
 * A follower takes the notice that the logger was closed instead of a file event: it then waits on
 * a cond for the file to change, which only the events would tell; the watcher stays in its send,
 * as nobody closes `done`.
 *
 * verdict: leak
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

struct logger {
    gorc_mutex mu;
    gorc_cond changed;
    int exists;
    gorc_once closing;
    gorc_chan *closed, *events, *done;
};

static void watch(void *arg)
{
    struct logger *l = arg;
    hidden_yield_until(1);
    for (;;) {
        gorc_case ended[] = {gorc_case_recv(l->done, NULL)};
        if (gorc_select_try(ended, 1) == 0)
            return;
        int write = 1;
        gorc_case cases[] = {gorc_case_send(l->events, &write), gorc_case_recv(l->done, NULL)};
        gorc_select(cases, 2); /* HERE: event */
    }
}

static void remove_watch(struct logger *l)
{
    gorc_mutex_lock(&l->mu);
    while (l->exists)
        gorc_cond_wait(&l->changed, &l->mu); /* HERE: cond */
    gorc_mutex_unlock(&l->mu);
}

static void follow(void *arg)
{
    struct logger *l = arg;
    int event;
    gorc_go(watch, l); /* HERE: go-watch */
    gorc_case cases[] = {gorc_case_recv(l->events, &event), gorc_case_recv(l->closed, NULL)};
    int chosen = gorc_select(cases, 2);
    hidden_step();
    if (chosen == 1)
        remove_watch(l); /* HERE: remove */
    gorc_chan_close(l->done);
}

static void do_close(void *l)
{
    gorc_chan_close(((struct logger *)l)->closed);
}

static __attribute__((noinline)) void run(void)
{
    struct logger *l = calloc(1, sizeof *l);
    l->exists = 1;
    l->closed = gorc_chan_new(0, 0);
    l->events = gorc_chan_new(sizeof(int), 0);
    l->done = gorc_chan_new(0, 0);
    gorc_go(follow, l); /* HERE: go */
    gorc_yield();
    gorc_once_do(&l->closing, do_close, l);
}

int main(void)
{
    run(); /* HERE: run */
    hidden_yield_until(1);
    for (int i = 0; i < 4; i++)
        gorc_yield();
    return 0;
}
