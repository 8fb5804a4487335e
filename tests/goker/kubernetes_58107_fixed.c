/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of kubernetes_58107.c: the worker takes the read lock when it has work.
 */
#include <gorc.h>
#include <stdlib.h>

struct quota {
    gorc_rwmutex lock;
    gorc_mutex mu;
    gorc_cond cond;
    int work;
};

static void worker(void *arg)
{
    struct quota *q = arg;
    gorc_mutex_lock(&q->mu);
    while (q->work == 0)
        gorc_cond_wait(&q->cond, &q->mu);
    q->work--;
    gorc_mutex_unlock(&q->mu);
    gorc_rwmutex_rlock(&q->lock);
    gorc_rwmutex_runlock(&q->lock);
}

static void sync_all(void *arg)
{
    struct quota *q = arg;
    gorc_rwmutex_lock(&q->lock);
    gorc_rwmutex_unlock(&q->lock);
}

static void add(void *arg)
{
    struct quota *q = arg;
    gorc_rwmutex_rlock(&q->lock);
    gorc_mutex_lock(&q->mu);
    q->work++;
    gorc_cond_signal(&q->cond);
    gorc_mutex_unlock(&q->mu);
    gorc_rwmutex_runlock(&q->lock);
}

int main(void)
{
    struct quota *q = calloc(1, sizeof *q);
    gorc_waitgroup wg = {0};
    gorc_wg_go(&wg, worker, q);
    gorc_yield(); /* each parks where it can */
    gorc_wg_go(&wg, sync_all, q);
    gorc_yield();
    gorc_wg_go(&wg, add, q);
    gorc_wg_wait(&wg);
    free(q);
    return 0;
}
