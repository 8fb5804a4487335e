/* SPDX-License-Identifier: MIT
 *
 * Three clients of an election: each remembers the round's channel, then, with the mutex held,
 * waits for the round to end; the leader, who ends it, needs the mutex too. No client is ever the
 * leader here, as in the program it was taken from.
 *
 * verdict: deadlock
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

struct election {
    gorc_mutex mu;
    gorc_chan *round;
    int leader;
    gorc_waitgroup clients;
};

struct client {
    struct election *e;
    int number;
    gorc_chan *round;
};

static void release(struct client *c)
{
    struct election *e = c->e;
    if (c->number == e->leader) {
        gorc_chan_close(e->round);
        e->round = gorc_chan_new(0, 0);
    }
    gorc_chan_recv(c->round, NULL); /* HERE: recv */
}

static void client(void *arg)
{
    struct client *c = arg;
    struct election *e = c->e;
    gorc_mutex_lock(&e->mu);
    c->round = e->round;
    gorc_mutex_unlock(&e->mu);
    hidden_step();
    hidden_yield_until(3);   /* all have the round's channel */
    gorc_mutex_lock(&e->mu); /* HERE: lock */
    release(c);              /* HERE: release */
    gorc_mutex_unlock(&e->mu);
    gorc_wg_done(&e->clients);
}

static void coordinate(void *arg)
{
    struct election *e = arg;
    gorc_wg_wait(&e->clients); /* HERE: wait */
}

static __attribute__((noinline)) void start(void)
{
    struct election *e = calloc(1, sizeof *e);
    e->round = gorc_chan_new(0, 0);
    e->leader = 3;
    gorc_wg_add(&e->clients, 3);
    for (int i = 0; i < 3; i++) {
        struct client *c = calloc(1, sizeof *c);
        c->e = e;
        c->number = i;
        gorc_go(client, c); /* HERE: go-client */
    }
    gorc_go(coordinate, e); /* HERE: go-coordinate */
}

int main(void)
{
    start(); /* HERE: start */
    for (int i = 0; i < 30; i++)
        gorc_yield();
    return 0;
}
