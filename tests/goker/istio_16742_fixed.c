/* SPDX-License-Identifier: MIT
 *
 * Repaired: labels are written under the write lock and read under the read lock.
 */
#include <gorc.h>

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
    gorc_rwmutex_lock(&clients.mu);
    if (clients.connection)
        clients.connection->labels = 7;
    gorc_rwmutex_unlock(&clients.mu);
    gorc_wg_done(&wg);
}

static void stream(void *arg)
{
    static struct connection c;
    (void)arg;
    gorc_rwmutex_lock(&clients.mu);
    clients.connection = &c;
    gorc_rwmutex_unlock(&clients.mu);
    gorc_rwmutex_rlock(&clients.mu);
    volatile int labels = c.labels;
    (void)labels;
    gorc_rwmutex_runlock(&clients.mu);
    gorc_wg_done(&wg);
}

int main(void)
{
    gorc_wg_add(&wg, 2);
    gorc_go(stream, NULL);
    gorc_go(push_all, NULL);
    gorc_wg_wait(&wg);
    return 0;
}
