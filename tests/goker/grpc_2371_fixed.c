/* SPDX-License-Identifier: MIT
 *
 * Repaired: the watcher looks whether the connection still has a balancer.
 */
#include <gorc.h>
#include <stdlib.h>

struct balancer {
    gorc_chan *states; /* capacity 1 */
};

struct connection {
    gorc_rwmutex mu;
    struct balancer *balancer;
    gorc_waitgroup wg;
};

static void state_changed(struct balancer *b)
{
    int state = 1;
    gorc_chan_try_recv(b->states, NULL);
    gorc_chan_send(b->states, &state);
}

static void watcher(void *arg)
{
    struct connection *c = arg;
    gorc_rwmutex_lock(&c->mu);
    if (c->balancer)
        state_changed(c->balancer);
    gorc_rwmutex_unlock(&c->mu);
    gorc_wg_done(&c->wg);
}

static void closer(void *arg)
{
    struct connection *c = arg;
    gorc_rwmutex_lock(&c->mu);
    c->balancer = NULL;
    gorc_rwmutex_unlock(&c->mu);
    gorc_wg_done(&c->wg);
}

int main(void)
{
    for (int i = 0; i < 10; i++) {
        struct balancer b = {gorc_chan_new(sizeof(int), 1)};
        struct connection c = {.balancer = &b};
        gorc_wg_add(&c.wg, 2);
        gorc_go(watcher, &c);
        gorc_go(closer, &c);
        gorc_wg_wait(&c.wg);
        gorc_chan_unref(b.states);
    }
    return 0;
}
