/* SPDX-License-Identifier: MIT
 *
 * Who stops the health monitor sends to it while it holds the container's lock; the monitor takes
 * that lock in each round, before it looks whether it shall stop. This time it had just done so.
 *
 * verdict: deadlock
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

struct container {
    gorc_mutex lock;
    gorc_chan *stop;
    int probes;
    gorc_waitgroup done;
};

static void probe(struct container *c)
{
    gorc_mutex_lock(&c->lock); /* HERE: probe */
    c->probes++;
    gorc_mutex_unlock(&c->lock);
}

static void monitor(void *arg)
{
    struct container *c = arg;
    probe(c); /* HERE: round */
    hidden_step();
    gorc_chan_recv(c->stop, NULL); /* HERE: stopped */
}

static void change_state(void *arg)
{
    struct container *c = arg;
    hidden_yield_until(1);
    gorc_mutex_lock(&c->lock);     /* HERE: change */
    gorc_chan_send(c->stop, NULL); /* HERE: stop */
    gorc_mutex_unlock(&c->lock);
}

int main(void)
{
    struct container *c = calloc(1, sizeof *c);
    c->stop = gorc_chan_new(0, 0);
    gorc_wg_go(&c->done, monitor, c);      /* HERE: go-monitor */
    gorc_wg_go(&c->done, change_state, c); /* HERE: go-change */
    gorc_wg_wait(&c->done);
    gorc_chan_unref(c->stop);
    free(c);
    return 0;
}
