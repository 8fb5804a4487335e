/* SPDX-License-Identifier: MIT
 *
 * The reflector takes the cacher's lock, then the watch cache's in replace(), whose callback gives
 * the cacher's lock up again. An event takes the watch cache's lock and, in its callback, the
 * cacher's.
 *
 * verdict: deadlock
 */
#include <gorc.h>
#include <stdlib.h>

struct cacher {
    gorc_mutex lock;
    gorc_rwmutex watch_lock;
    gorc_once once;
    gorc_waitgroup ready, done;
    gorc_chan *stop;
    int versions;
};

static void is_ready(void *arg)
{
    struct cacher *c = arg;
    gorc_wg_done(&c->ready);
}

static void on_replace(struct cacher *c)
{
    gorc_once_do(&c->once, is_ready, c);
    gorc_mutex_unlock(&c->lock);
}

static void replace(struct cacher *c)
{
    gorc_rwmutex_lock(&c->watch_lock); /* HERE: replace */
    c->versions++;
    on_replace(c);
    gorc_rwmutex_unlock(&c->watch_lock);
}

static void list_and_watch(void *arg)
{
    struct cacher *c = arg;
    while (gorc_chan_try_recv(c->stop, NULL) != 0) {
        gorc_mutex_lock(&c->lock); /* HERE: list */
        replace(c);                /* HERE: call */
        gorc_yield();
    }
}

static void on_event(struct cacher *c)
{
    gorc_mutex_lock(&c->lock); /* HERE: callback */
    gorc_mutex_unlock(&c->lock);
}

static void add(void *arg)
{
    struct cacher *c = arg;
    gorc_rwmutex_lock(&c->watch_lock); /* HERE: add */
    c->versions++;
    on_event(c); /* HERE: event */
    gorc_rwmutex_unlock(&c->watch_lock);
}

static void stopper(void *arg)
{
    struct cacher *c = arg;
    gorc_chan_close(c->stop);
}

int main(void)
{
    struct cacher *c = calloc(1, sizeof *c);
    c->stop = gorc_chan_new(0, 0);
    gorc_wg_add(&c->ready, 1);
    gorc_wg_go(&c->done, list_and_watch, c); /* HERE: go-list */
    gorc_wg_wait(&c->ready);
    gorc_wg_go(&c->done, stopper, c);
    gorc_wg_go(&c->done, add, c); /* HERE: go-add */
    gorc_wg_wait(&c->done);
    gorc_chan_unref(c->stop);
    free(c);
    return 0;
}
