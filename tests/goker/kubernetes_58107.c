/* SPDX-License-Identifier: MIT
 *
 * A quota worker waits for work on a cond with the read lock held; a resync wants to write, so that
 * whoever adds work does not get its read lock any more.
 *
 * verdict: deadlock
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
    gorc_rwmutex_rlock(&q->lock); /* HERE: worker */
    gorc_mutex_lock(&q->mu);
    while (q->work == 0)
        gorc_cond_wait(&q->cond, &q->mu); /* HERE: wait */
    q->work--;
    gorc_mutex_unlock(&q->mu);
    gorc_rwmutex_runlock(&q->lock);
}

static void sync_all(void *arg)
{
    struct quota *q = arg;
    gorc_rwmutex_lock(&q->lock); /* HERE: sync */
    gorc_rwmutex_unlock(&q->lock);
}

static void add(void *arg)
{
    struct quota *q = arg;
    gorc_rwmutex_rlock(&q->lock); /* HERE: add */
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
    gorc_wg_go(&wg, worker, q);   /* HERE: go-worker */
    gorc_yield();                 /* each parks where it can */
    gorc_wg_go(&wg, sync_all, q); /* HERE: go-sync */
    gorc_yield();
    gorc_wg_go(&wg, add, q); /* HERE: go-add */
    gorc_wg_wait(&wg);       /* HERE: main */
    free(q);
    return 0;
}
