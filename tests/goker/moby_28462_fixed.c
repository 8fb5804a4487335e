/* SPDX-License-Identifier: MIT
 *
 * Who stops the monitor has given the container's lock up before.
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
    gorc_mutex_lock(&c->lock);
    c->probes++;
    gorc_mutex_unlock(&c->lock);
}

static void monitor(void *arg)
{
    struct container *c = arg;
    probe(c);
    hidden_step();
    gorc_chan_recv(c->stop, NULL);
}

static void change_state(void *arg)
{
    struct container *c = arg;
    hidden_yield_until(1);
    gorc_mutex_lock(&c->lock);
    gorc_mutex_unlock(&c->lock);
    gorc_chan_send(c->stop, NULL);
}

int main(void)
{
    struct container *c = calloc(1, sizeof *c);
    c->stop = gorc_chan_new(0, 0);
    gorc_wg_go(&c->done, monitor, c);
    gorc_wg_go(&c->done, change_state, c);
    gorc_wg_wait(&c->done);
    gorc_chan_unref(c->stop);
    free(c);
    return 0;
}
