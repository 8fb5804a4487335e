/* SPDX-License-Identifier: MIT
 *
 * The controller calls back, with the queue's lock held, into the informer, which takes its own
 * lock; whoever has the informer's lock asks the controller, which takes the queue's.
 *
 * verdict: deadlock
 */
#include <gorc.h>
#include <stdbool.h>
#include <stdlib.h>

struct informer {
    gorc_mutex lock;
    gorc_rwmutex queue_lock;
    int items, seen;
    gorc_chan *stop, *stop_controller;
    gorc_waitgroup done;
};

static void process(struct informer *f)
{
    gorc_mutex_lock(&f->lock); /* HERE: callback */
    f->seen++;
    gorc_mutex_unlock(&f->lock);
}

static void controller(void *arg)
{
    struct informer *f = arg;
    while (gorc_chan_try_recv(f->stop_controller, NULL) != 0) {
        gorc_rwmutex_lock(&f->queue_lock); /* HERE: pop */
        f->items++;
        process(f); /* HERE: process */
        gorc_rwmutex_unlock(&f->queue_lock);
        gorc_yield();
    }
}

static bool has_synced(struct informer *f)
{
    gorc_rwmutex_rlock(&f->queue_lock); /* HERE: ask */
    bool synced = f->items > 0;
    gorc_rwmutex_runlock(&f->queue_lock);
    return synced;
}

static void federation(void *arg)
{
    struct informer *f = arg;
    gorc_mutex_lock(&f->lock); /* HERE: lock */
    has_synced(f);             /* HERE: synced */
    gorc_mutex_unlock(&f->lock);
}

static void stopper(void *arg)
{
    struct informer *f = arg;
    gorc_chan_recv(f->stop, NULL);
    gorc_mutex_lock(&f->lock);
    gorc_chan_close(f->stop_controller);
    gorc_mutex_unlock(&f->lock);
}

int main(void)
{
    struct informer *f = calloc(1, sizeof *f);
    f->stop = gorc_chan_new(0, 0);
    f->stop_controller = gorc_chan_new(0, 0);
    gorc_wg_go(&f->done, stopper, f);
    gorc_wg_go(&f->done, federation, f); /* HERE: go-federation */
    gorc_wg_go(&f->done, controller, f); /* HERE: go-controller */
    gorc_chan_close(f->stop);
    gorc_wg_wait(&f->done);
    gorc_chan_unref(f->stop);
    gorc_chan_unref(f->stop_controller);
    free(f);
    return 0;
}
