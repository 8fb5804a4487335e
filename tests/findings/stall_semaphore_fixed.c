/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of stall_semaphore.c: for more than a second two goroutines stand as they do there,
 * then the one whose business it is gives the lock up, as it has done before. It is silent.
 */
#include <gorc.h>

struct pair {
    gorc_mutex turn, table;
    gorc_waitgroup ready, all;
};

static void give_up(void *arg)
{
    struct pair *p = arg;
    gorc_mutex_unlock(&p->turn);
}

static void first(void *arg)
{
    struct pair *p = arg;
    gorc_mutex_lock(&p->turn);
    gorc_wg_done(&p->ready);
    gorc_wg_wait(&p->ready);
    gorc_mutex_lock(&p->table);
    gorc_mutex_unlock(&p->table);
}

static void second(void *arg)
{
    struct pair *p = arg;
    gorc_mutex_lock(&p->table);
    gorc_wg_done(&p->ready);
    gorc_wg_wait(&p->ready);
    gorc_mutex_lock(&p->turn);
    gorc_mutex_unlock(&p->turn);
    gorc_mutex_unlock(&p->table);
}

int main(void)
{
    static struct pair p;
    gorc_mutex_lock(&p.turn);
    gorc_wg_go(&p.all, give_up, &p);
    gorc_wg_wait(&p.all);
    gorc_wg_add(&p.ready, 2);
    gorc_wg_go(&p.all, first, &p);
    gorc_wg_go(&p.all, second, &p);
    for (int i = 0; i < 1300; i++)
        gorc_sleep(GORC_MILLISECOND);
    gorc_wg_go(&p.all, give_up, &p);
    gorc_wg_wait(&p.all);
    return 0;
}
