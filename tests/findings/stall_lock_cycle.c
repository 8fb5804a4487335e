/* SPDX-License-Identifier: MIT
 *
 * Two goroutines that lock two mutexes in opposite orders, a third that waits for one of them; main
 * goes on and returns.
 */
#include <gorc.h>

struct account {
    gorc_mutex from, to;
    gorc_waitgroup ready, stuck;
};

static struct account a;

static void one(void *arg)
{
    (void)arg;
    gorc_mutex_lock(&a.from); /* HERE: one-has */
    gorc_wg_done(&a.ready);
    gorc_wg_wait(&a.ready);
    gorc_wg_done(&a.stuck);
    gorc_mutex_lock(&a.to); /* HERE: one-wants */
    gorc_mutex_unlock(&a.to);
    gorc_mutex_unlock(&a.from);
}

static void two(void *arg)
{
    (void)arg;
    gorc_mutex_lock(&a.to); /* HERE: two-has */
    gorc_wg_done(&a.ready);
    gorc_wg_wait(&a.ready);
    gorc_wg_done(&a.stuck);
    gorc_mutex_lock(&a.from); /* HERE: two-wants */
    gorc_mutex_unlock(&a.from);
    gorc_mutex_unlock(&a.to);
}

static void bystander(void *arg)
{
    (void)arg;
    gorc_wg_wait(&a.ready);
    gorc_wg_done(&a.stuck);
    gorc_mutex_lock(&a.from); /* HERE: bystander */
    gorc_mutex_unlock(&a.from);
}

int main(void)
{
    gorc_wg_add(&a.ready, 2);
    gorc_wg_add(&a.stuck, 3);
    gorc_go(one, NULL);       /* HERE: go-one */
    gorc_go(two, NULL);       /* HERE: go-two */
    gorc_go(bystander, NULL); /* HERE: go-bystander */
    gorc_wg_wait(&a.stuck);
    return 0;
}
