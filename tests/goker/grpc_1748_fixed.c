/* SPDX-License-Identifier: MIT
 *
 * Repaired: the client takes a copy of the timeout when it is made.
 */
#include <gorc.h>

static int min_connect_timeout = 20;

struct client {
    gorc_mutex mu;
    int *balancer;
    int timeout;
    gorc_waitgroup running;
};

static void create_transport(void *arg)
{
    struct client *c = arg;
    volatile int timeout = c->timeout;
    (void)timeout;
    gorc_wg_done(&c->running);
}

static void watch(void *arg)
{
    struct client *c = arg;
    for (int i = 0; i < 10; i++) {
        gorc_mutex_lock(&c->mu);
        if (c->balancer) {
            gorc_wg_add(&c->running, 1);
            gorc_go(create_transport, c);
            i = 10;
        }
        gorc_mutex_unlock(&c->mu);
        gorc_yield();
    }
    gorc_wg_done(&c->running);
}

static void restore(void *saved)
{
    min_connect_timeout = *(int *)saved;
}

static void test_backoff(struct client *c)
{
    static int balancer;
    int saved = min_connect_timeout;
    min_connect_timeout = 1;
    gorc_defer(restore, &saved);
    c->timeout = min_connect_timeout;
    gorc_wg_add(&c->running, 1);
    gorc_go(watch, c);
    gorc_mutex_lock(&c->mu);
    c->balancer = &balancer;
    gorc_mutex_unlock(&c->mu);
    gorc_yield();
}

int main(void)
{
    static struct client c;
    test_backoff(&c);
    gorc_wg_wait(&c.running);
    return 0;
}
