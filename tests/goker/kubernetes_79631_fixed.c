/* SPDX-License-Identifier: MIT
 *
 * Repaired: the key is looked up under the lock, and the queue is stopped.
 */
#include <gorc.h>
#include <stdlib.h>

struct queue {
    gorc_rwmutex mu;
    int key, used;
    gorc_chan *stop;
    gorc_waitgroup popped;
};

static void run(void *arg)
{
    struct queue *q = arg;
    gorc_rwmutex_lock(&q->mu);
    q->used = 0;
    gorc_rwmutex_unlock(&q->mu);
    gorc_case cases[] = {gorc_case_recv(q->stop, NULL)};
    gorc_select(cases, 1);
    gorc_wg_done(&q->popped);
}

int main(void)
{
    struct queue *q = calloc(1, sizeof *q);
    q->used = 1;
    q->stop = gorc_chan_new(0, 0);
    gorc_wg_add(&q->popped, 1);
    gorc_go(run, q);
    gorc_rwmutex_rlock(&q->mu);
    volatile int used = q->used;
    (void)used;
    gorc_rwmutex_runlock(&q->mu);
    gorc_chan_close(q->stop);
    gorc_wg_wait(&q->popped);
    gorc_chan_unref(q->stop);
    free(q);
    return 0;
}
