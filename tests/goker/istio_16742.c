/* SPDX-License-Identifier: MIT
 *
 * A connection is published in the global table under the write lock and its maker then reads its
 * labels without a lock; a push holds the read lock and writes the labels of all connections.
 *
 * verdict: race
 */
#include <gorc.h>

#include "barrier.h"

struct connection {
    int labels;
};

static struct {
    gorc_rwmutex mu;
    struct connection *connection;
} clients;

static gorc_waitgroup wg;

static void push_all(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    gorc_rwmutex_rlock(&clients.mu);
    if (clients.connection)
        clients.connection->labels = 7; /* HERE: write */
    gorc_rwmutex_runlock(&clients.mu);
    gorc_wg_done(&wg);
    hidden_step();
}

static void stream(void *arg)
{
    static struct connection c;
    (void)arg;
    gorc_rwmutex_lock(&clients.mu);
    clients.connection = &c;
    gorc_rwmutex_unlock(&clients.mu);
    hidden_step();
    hidden_yield_until(2);
    volatile int labels = c.labels; /* HERE: read */
    (void)labels;
    gorc_wg_done(&wg);
}

int main(void)
{
    gorc_wg_add(&wg, 2);
    gorc_go(stream, NULL);   /* HERE: go-stream */
    gorc_go(push_all, NULL); /* HERE: go-push */
    gorc_wg_wait(&wg);
    return 0;
}
