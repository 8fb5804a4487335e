/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of etcd_5509.c: the reader gives its lock up on that path too.
 */
#include <gorc.h>
#include <stdbool.h>
#include <stdlib.h>

struct client {
    gorc_rwmutex mu;
    gorc_mutex state;
    bool is_open; /* guarded by mu */
    gorc_chan *ended;
    int acquired;
};

static bool acquire(struct client *c)
{
    gorc_rwmutex_rlock(&c->mu);
    bool closed = !c->is_open;
    gorc_mutex_lock(&c->state);
    c->acquired++;
    gorc_mutex_unlock(&c->state);
    gorc_rwmutex_runlock(&c->mu);
    return !closed;
}

static void reader(void *arg)
{
    struct client *c = arg;
    while (acquire(c))
        gorc_yield();
    gorc_chan_close(c->ended);
}

int main(void)
{
    struct client *c = calloc(1, sizeof *c);
    c->is_open = true;
    c->ended = gorc_chan_new(0, 0);
    gorc_go(reader, c);
    gorc_yield();
    gorc_rwmutex_lock(&c->mu);
    c->is_open = false;
    gorc_rwmutex_unlock(&c->mu);
    gorc_yield(); /* the reader's turn */
    gorc_rwmutex_lock(&c->mu);
    gorc_rwmutex_unlock(&c->mu);
    gorc_chan_recv(c->ended, NULL);
    gorc_chan_unref(c->ended);
    free(c);
    return 0;
}
