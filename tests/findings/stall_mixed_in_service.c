/* SPDX-License-Identifier: MIT
 *
 * A goroutine sends with a mutex held that the only receiver needs first, while the program goes on
 * serving: told while it runs, since nobody else knows of the channel.
 */
#include <gorc.h>
#include <stdatomic.h>
#include <stdlib.h>

struct queue {
    gorc_mutex m;
    gorc_chan *c;
    gorc_waitgroup locked;
};

static atomic_int told;

static void on_report(const struct gorc_finding *f, void *arg)
{
    (void)f, (void)arg;
    told = 1;
}

static void producer(void *arg)
{
    struct queue *q = arg;
    int v = 1;
    gorc_mutex_lock(&q->m); /* HERE: locked */
    gorc_wg_done(&q->locked);
    gorc_chan_send(q->c, &v); /* HERE: send */
    gorc_mutex_unlock(&q->m);
}

static void consumer(void *arg)
{
    struct queue *q = arg;
    int v;
    gorc_wg_wait(&q->locked);
    gorc_mutex_lock(&q->m); /* HERE: lock */
    gorc_mutex_unlock(&q->m);
    gorc_chan_recv(q->c, &v);
}

static void start(void *arg)
{
    struct queue *q = calloc(1, sizeof *q);
    (void)arg;
    q->c = gorc_chan_new(sizeof(int), 0); /* HERE: chan */
    gorc_wg_add(&q->locked, 1);
    gorc_go(producer, q); /* HERE: go-producer */
    gorc_go(consumer, q); /* HERE: go-consumer */
}

int main(void)
{
    gorc_set_report_hook(on_report, NULL);
    gorc_go(start, NULL); /* HERE: go */
    while (gorc_detect_active() && !told)
        gorc_sleep(GORC_MILLISECOND); /* serves */
    return 0;
}
