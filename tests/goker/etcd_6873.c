/* SPDX-License-Identifier: MIT
 *
 * Stop holds the lock of all broadcasts while it waits for the updater to end, which takes the lock
 * for each update that is still queued.
 *
 * verdict: deadlock
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

struct wbs {
    gorc_rwmutex mu;
    gorc_chan *updates, *done;
    int n;
};

static void updater(void *arg)
{
    struct wbs *w = arg;
    while (gorc_chan_recv(w->updates, NULL)) {
        hidden_yield_until(1);
        gorc_rwmutex_lock(&w->mu); /* HERE: coalesce */
        w->n++;
        gorc_rwmutex_unlock(&w->mu);
    }
    gorc_chan_close(w->done);
}

static void stop(struct wbs *w)
{
    gorc_rwmutex_lock(&w->mu); /* HERE: stop */
    hidden_step();
    gorc_chan_close(w->updates);
    gorc_chan_recv(w->done, NULL); /* HERE: wait */
    gorc_rwmutex_unlock(&w->mu);
}

int main(void)
{
    struct wbs *w = calloc(1, sizeof *w);
    w->updates = gorc_chan_new(0, 1);
    w->done = gorc_chan_new(0, 0);
    gorc_chan_send(w->updates, NULL);
    gorc_go(updater, w); /* HERE: go */
    stop(w);             /* HERE: main */
    gorc_chan_unref(w->updates);
    gorc_chan_unref(w->done);
    free(w);
    return 0;
}
