/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of etcd_6873.c: stop gives the lock up before it waits.
 */
#include <gorc.h>
#include <stdlib.h>

struct wbs {
    gorc_rwmutex mu;
    gorc_chan *updates, *done;
    int n;
};

static void updater(void *arg)
{
    struct wbs *w = arg;
    while (gorc_chan_recv(w->updates, NULL)) {
        gorc_rwmutex_lock(&w->mu);
        w->n++;
        gorc_rwmutex_unlock(&w->mu);
    }
    gorc_chan_close(w->done);
}

static void stop(struct wbs *w)
{
    gorc_rwmutex_lock(&w->mu);
    gorc_chan_close(w->updates);
    gorc_rwmutex_unlock(&w->mu);
    gorc_chan_recv(w->done, NULL);
}

int main(void)
{
    struct wbs *w = calloc(1, sizeof *w);
    w->updates = gorc_chan_new(0, 1);
    w->done = gorc_chan_new(0, 0);
    gorc_chan_send(w->updates, NULL);
    gorc_go(updater, w);
    stop(w);
    gorc_chan_unref(w->updates);
    gorc_chan_unref(w->done);
    free(w);
    return 0;
}
