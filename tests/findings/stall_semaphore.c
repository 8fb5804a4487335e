/* SPDX-License-Identifier: MIT
 *
 * A cycle of two locks, of which one is used as a semaphore: others than the one who has locked it
 * give it up. Nobody does in the end; but it is only likely that nobody would have. Told at the
 * end.
 */
#include <gorc.h>

struct pair {
    gorc_mutex turn, table;
    gorc_waitgroup ready, stuck;
};

static void give_up(void *arg)
{
    struct pair *p = arg;
    gorc_mutex_unlock(&p->turn);
}

static void first(void *arg)
{
    struct pair *p = arg;
    gorc_mutex_lock(&p->turn); /* HERE: first-has */
    gorc_wg_done(&p->ready);
    gorc_wg_wait(&p->ready);
    gorc_wg_done(&p->stuck);
    gorc_mutex_lock(&p->table); /* HERE: first-wants */
    gorc_mutex_unlock(&p->table);
}

static void second(void *arg)
{
    struct pair *p = arg;
    gorc_mutex_lock(&p->table); /* HERE: second-has */
    gorc_wg_done(&p->ready);
    gorc_wg_wait(&p->ready);
    gorc_wg_done(&p->stuck);
    gorc_mutex_lock(&p->turn); /* HERE: second-wants */
    gorc_mutex_unlock(&p->turn);
    gorc_mutex_unlock(&p->table);
}

int main(void)
{
    static struct pair p;
    gorc_waitgroup given = {0};
    gorc_mutex_lock(&p.turn);
    gorc_wg_go(&given, give_up, &p);
    gorc_wg_wait(&given);
    gorc_wg_add(&p.ready, 2);
    gorc_wg_add(&p.stuck, 2);
    gorc_go(first, &p);  /* HERE: go-first */
    gorc_go(second, &p); /* HERE: go-second */
    gorc_wg_wait(&p.stuck);
    return 0;
}
