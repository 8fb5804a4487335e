/* SPDX-License-Identifier: MIT
 *
 * A breaker lets one request in at a time. The second one gets in first and waits for its lock,
 * which main only gives up when the first has been through.
 *
 * verdict: deadlock
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

struct breaker {
    gorc_chan *pending, *active;
};

struct request {
    gorc_mutex lock;
    struct breaker *b;
    gorc_chan *accepted;
    gorc_waitgroup *started;
    bool is_first;
};

static void thunk(struct request *r)
{
    gorc_mutex_lock(&r->lock); /* HERE: thunk */
    gorc_mutex_unlock(&r->lock);
}

static void serve(void *arg)
{
    struct request *r = arg;
    bool accepted = gorc_chan_try_send(r->b->pending, NULL);
    gorc_wg_done(r->started);
    if (accepted) {
        if (r->is_first)
            hidden_yield_until(1);
        gorc_chan_send(r->b->active, NULL); /* HERE: active */
        hidden_step();
        thunk(r); /* HERE: run */
        gorc_chan_recv(r->b->active, NULL);
        gorc_chan_recv(r->b->pending, NULL);
    }
    gorc_chan_send(r->accepted, &accepted);
}

static void init(struct request *r, struct breaker *b, gorc_waitgroup *started)
{
    *r = (struct request){.b = b, .started = started, .accepted = gorc_chan_new(sizeof(bool), 1)};
    gorc_wg_add(started, 1);
    gorc_mutex_lock(&r->lock); /* HERE: init */
}

int main(void)
{
    struct breaker *b = calloc(1, sizeof *b);
    struct request *r = calloc(2, sizeof *r);
    gorc_waitgroup started = {0};
    b->pending = gorc_chan_new(0, 2);
    b->active = gorc_chan_new(0, 1);
    init(&r[0], b, &started);
    init(&r[1], b, &started);
    r[0].is_first = true;
    gorc_go(serve, &r[0]); /* HERE: go-first */
    gorc_go(serve, &r[1]); /* HERE: go-second */
    gorc_wg_wait(&started);
    gorc_mutex_unlock(&r[0].lock);
    gorc_chan_recv(r[0].accepted, NULL); /* HERE: main */
    gorc_mutex_unlock(&r[1].lock);
    gorc_chan_recv(r[1].accepted, NULL);
    gorc_chan_unref(b->pending);
    gorc_chan_unref(b->active);
    gorc_chan_unref(r[0].accepted);
    gorc_chan_unref(r[1].accepted);
    free(r);
    free(b);
    return 0;
}
