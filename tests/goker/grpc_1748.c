/* SPDX-License-Identifier: MIT
 *
 * A test shortens a global timeout and restores it when it returns, after it has started a
 * balancer; a watcher that finds the balancer starts transports, which read the timeout.
 *
 * verdict: race
 */
#include <gorc.h>

static int min_connect_timeout = 20;

struct client {
    gorc_mutex mu;
    int *balancer;
    gorc_waitgroup running;
};

static void create_transport(void *arg)
{
    struct client *c = arg;
    volatile int timeout = min_connect_timeout; /* HERE: read */
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
            gorc_go(create_transport, c); /* HERE: go-transport */
            i = 10;
        }
        gorc_mutex_unlock(&c->mu);
        gorc_yield();
    }
    gorc_wg_done(&c->running);
}

static void restore(void *saved)
{
    min_connect_timeout = *(int *)saved; /* HERE: restore */
}

static void test_backoff(struct client *c)
{
    static int balancer;
    int saved = min_connect_timeout;
    min_connect_timeout = 1;
    gorc_defer(restore, &saved); /* HERE: defer */
    gorc_wg_add(&c->running, 1);
    gorc_go(watch, c); /* HERE: go-watch */
    gorc_mutex_lock(&c->mu);
    c->balancer = &balancer;
    gorc_mutex_unlock(&c->mu);
    gorc_yield();
} /* HERE: end */

int main(void)
{
    static struct client c;
    test_backoff(&c); /* HERE: test */
    gorc_wg_wait(&c.running);
    return 0;
}
