/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of grpc_1353.c: the address is sent without the lock.
 */
#include <gorc.h>
#include <stdlib.h>

struct balancer {
    gorc_mutex mu, conn_mu;
    gorc_chan *addresses;
    int down, next;
    gorc_waitgroup all;
};

static void notify(void *arg)
{
    struct balancer *b = arg;
    for (int i = 0; i < 100; i++) {
        gorc_mutex_lock(&b->mu);
        int address = b->next++;
        gorc_mutex_unlock(&b->mu);
        gorc_chan_send(b->addresses, &address);
    }
    gorc_chan_close(b->addresses);
}

static void take_down(struct balancer *b)
{
    gorc_mutex_lock(&b->mu);
    b->down++;
    gorc_mutex_unlock(&b->mu);
}

static void watch(void *arg)
{
    struct balancer *b = arg;
    int address;
    while (gorc_chan_recv(b->addresses, &address)) {
        for (int conn = 0; conn < 2; conn++) {
            gorc_mutex_lock(&b->conn_mu);
            take_down(b);
            gorc_mutex_unlock(&b->conn_mu);
        }
    }
}

int main(void)
{
    struct balancer *b = calloc(1, sizeof *b);
    b->addresses = gorc_chan_new(sizeof(int), 0);
    gorc_wg_go(&b->all, notify, b);
    gorc_wg_go(&b->all, watch, b);
    gorc_wg_wait(&b->all);
    gorc_chan_unref(b->addresses);
    free(b);
    return 0;
}
