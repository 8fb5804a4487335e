/* SPDX-License-Identifier: MIT
 *
 * Repaired: who takes the notice ends the watcher first; there is nothing to wait for.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

struct logger {
    gorc_once closing;
    gorc_waitgroup wg;
    gorc_chan *closed, *events, *done;
};

static void watch(void *arg)
{
    struct logger *l = arg;
    hidden_yield_until(1);
    for (;;) {
        gorc_case ended[] = {gorc_case_recv(l->done, NULL)};
        if (gorc_select_try(ended, 1) == 0)
            break;
        int write = 1;
        gorc_case cases[] = {gorc_case_send(l->events, &write), gorc_case_recv(l->done, NULL)};
        gorc_select(cases, 2);
    }
    gorc_wg_done(&l->wg);
}

static void follow(void *arg)
{
    struct logger *l = arg;
    int event;
    gorc_go(watch, l);
    gorc_case cases[] = {gorc_case_recv(l->events, &event), gorc_case_recv(l->closed, NULL)};
    gorc_select(cases, 2);
    hidden_step();
    gorc_chan_close(l->done);
    gorc_wg_done(&l->wg);
}

static void do_close(void *l)
{
    gorc_chan_close(((struct logger *)l)->closed);
}

static __attribute__((noinline)) void run(void)
{
    struct logger *l = calloc(1, sizeof *l);
    gorc_wg_add(&l->wg, 2);
    l->closed = gorc_chan_new(0, 0);
    l->events = gorc_chan_new(sizeof(int), 0);
    l->done = gorc_chan_new(0, 0);
    gorc_go(follow, l);
    gorc_yield();
    gorc_once_do(&l->closing, do_close, l);
    gorc_wg_wait(&l->wg);
    gorc_chan_unref(l->closed);
    gorc_chan_unref(l->events);
    gorc_chan_unref(l->done);
    free(l);
}

int main(void)
{
    run();
    return 0;
}
