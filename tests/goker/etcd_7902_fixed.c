/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of etcd_7902.c: there is a leader, and nobody waits with the mutex held.
 */
#include <gorc.h>
#include <stdlib.h>

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
    if (c->number == e->leader)
        gorc_chan_close(e->round);
}

static void client(void *arg)
{
    struct client *c = arg;
    struct election *e = c->e;
    gorc_mutex_lock(&e->mu);
    c->round = e->round;
    release(c);
    gorc_mutex_unlock(&e->mu);
    gorc_chan_recv(c->round, NULL);
    free(c);
    gorc_wg_done(&e->clients);
}

int main(void)
{
    struct election *e = calloc(1, sizeof *e);
    e->round = gorc_chan_new(0, 0);
    e->leader = 2;
    gorc_wg_add(&e->clients, 3);
    for (int i = 0; i < 3; i++) {
        struct client *c = calloc(1, sizeof *c);
        c->e = e;
        c->number = i;
        gorc_go(client, c);
    }
    gorc_wg_wait(&e->clients);
    gorc_yield();
    gorc_chan_unref(e->round);
    free(e);
    return 0;
}
