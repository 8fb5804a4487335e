/* SPDX-License-Identifier: MIT
 *
 * A goroutine sends with a mutex held that the only receiver needs first. Main returns.
 */
#include <gorc.h>

struct queue {
    gorc_mutex m;
    gorc_chan *c;
    gorc_waitgroup locked, stuck;
};

static void producer(void *arg)
{
    struct queue *q = arg;
    int v = 1;
    gorc_mutex_lock(&q->m); /* HERE: locked */
    gorc_wg_done(&q->locked);
    gorc_wg_done(&q->stuck);
    gorc_chan_send(q->c, &v); /* HERE: send */
    gorc_mutex_unlock(&q->m);
}

static void consumer(void *arg)
{
    struct queue *q = arg;
    int v;
    gorc_wg_wait(&q->locked);
    gorc_wg_done(&q->stuck);
    gorc_mutex_lock(&q->m); /* HERE: lock */
    gorc_mutex_unlock(&q->m);
    gorc_chan_recv(q->c, &v);
}

int main(void)
{
    static struct queue q;
    q.c = gorc_chan_new(sizeof(int), 0); /* HERE: chan */
    gorc_wg_add(&q.locked, 1);
    gorc_wg_add(&q.stuck, 2);
    gorc_go(producer, &q); /* HERE: go-producer */
    gorc_go(consumer, &q); /* HERE: go-consumer */
    gorc_wg_wait(&q.stuck);
    return 0;
}
