/* SPDX-License-Identifier: MIT
 *
 * A reader that finds the client closed returns without its runlock. It comes between two steps of
 * the close, the second of which then waits for ever.
 *
 * verdict: deadlock
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
    gorc_rwmutex_rlock(&c->mu); /* HERE: rlock */
    bool closed = !c->is_open;
    gorc_mutex_lock(&c->state);
    c->acquired++;
    gorc_mutex_unlock(&c->state);
    if (closed)
        return false;
    gorc_rwmutex_runlock(&c->mu);
    return true;
}

static void reader(void *arg)
{
    struct client *c = arg;
    while (acquire(c)) /* HERE: acquire */
        gorc_yield();
    gorc_chan_close(c->ended);
}

int main(void)
{
    struct client *c = calloc(1, sizeof *c);
    c->is_open = true;
    c->ended = gorc_chan_new(0, 0); /* HERE: made */
    gorc_go(reader, c);             /* HERE: go */
    gorc_yield();
    gorc_rwmutex_lock(&c->mu);
    c->is_open = false;
    gorc_rwmutex_unlock(&c->mu);
    gorc_yield();              /* the reader's turn */
    gorc_rwmutex_lock(&c->mu); /* HERE: again */
    gorc_rwmutex_unlock(&c->mu);
    gorc_chan_recv(c->ended, NULL);
    gorc_chan_unref(c->ended);
    free(c);
    return 0;
}
