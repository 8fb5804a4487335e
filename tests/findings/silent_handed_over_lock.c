/* SPDX-License-Identifier: MIT
 *
 * A lock is handed over to another goroutine, which unlocks it (M1), while its locker waits for a
 * lock that somebody holds who waits for the first: it looks like a cycle, and is none.
 */
#include <gorc.h>

struct pair {
    gorc_mutex a, b;
    gorc_chan *give;
    gorc_waitgroup all, both;
};

static void first(void *arg)
{
    struct pair *p = arg;
    gorc_mutex_lock(&p->a);
    gorc_wg_done(&p->both);
    gorc_wg_wait(&p->both);
    gorc_chan_send(p->give, NULL); /* a is the third's now */
    gorc_mutex_lock(&p->b);
    gorc_mutex_unlock(&p->b);
}

static void second(void *arg)
{
    struct pair *p = arg;
    gorc_mutex_lock(&p->b);
    gorc_wg_done(&p->both);
    gorc_wg_wait(&p->both);
    gorc_mutex_lock(&p->a);
    gorc_mutex_unlock(&p->a);
    gorc_mutex_unlock(&p->b);
}

static void third(void *arg)
{
    struct pair *p = arg;
    gorc_chan_recv(p->give, NULL);
    for (int i = 0; i < 100; i++) /* meanwhile the two come to wait for each other */
        gorc_yield();
    gorc_mutex_unlock(&p->a);
}

int main(void)
{
    static struct pair p;
    p.give = gorc_chan_new(0, 0);
    gorc_wg_add(&p.both, 2);
    gorc_wg_go(&p.all, first, &p);
    gorc_wg_go(&p.all, second, &p);
    gorc_wg_go(&p.all, third, &p);
    gorc_wg_wait(&p.all);
    gorc_chan_unref(p.give);
    return 0;
}
