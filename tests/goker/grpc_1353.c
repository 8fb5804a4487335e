/* SPDX-License-Identifier: MIT
 *
 * A balancer sends addresses with its lock held; the receiver, for each address, takes a connection
 * down, which needs the balancer's lock. main returns.
 *
 * verdict: deadlock
 */
#include <gorc.h>
#include <stdlib.h>

struct balancer {
    gorc_mutex mu, conn_mu;
    gorc_chan *addresses, *helper;
    int down;
};

static void notify(void *arg)
{
    struct balancer *b = arg;
    for (int i = 0; i < 100; i++) {
        gorc_mutex_lock(&b->mu);          /* HERE: notify-lock */
        gorc_chan_send(b->addresses, &i); /* HERE: send */
        gorc_mutex_unlock(&b->mu);
    }
    gorc_chan_close(b->helper);
}

static void take_down(struct balancer *b)
{
    gorc_mutex_lock(&b->mu); /* HERE: down */
    b->down++;
    gorc_mutex_unlock(&b->mu);
}

static void watch(void *arg)
{
    struct balancer *b = arg;
    int address;
    while (gorc_chan_recv(b->addresses, &address)) {
        for (int conn = 0; conn < 2; conn++) {
            gorc_mutex_lock(&b->conn_mu); /* HERE: conn */
            take_down(b);                 /* HERE: call */
            gorc_mutex_unlock(&b->conn_mu);
        }
    }
}

static void close_later(void *arg)
{
    struct balancer *b = arg;
    gorc_chan_recv(b->helper, NULL); /* HERE: helper */
    gorc_mutex_lock(&b->mu);
    gorc_chan_close(b->addresses);
    gorc_mutex_unlock(&b->mu);
}

static __attribute__((noinline)) void start(void)
{
    struct balancer *b = calloc(1, sizeof *b);
    b->addresses = gorc_chan_new(sizeof(int), 0);
    b->helper = gorc_chan_new(0, 0); /* HERE: made-helper */
    gorc_go(close_later, b);         /* HERE: go-close */
    gorc_go(notify, b);              /* HERE: go-notify */
    gorc_go(watch, b);               /* HERE: go-watch */
}

int main(void)
{
    start(); /* HERE: start */
    for (int i = 0; i < 20; i++)
        gorc_yield();
    return 0;
}
