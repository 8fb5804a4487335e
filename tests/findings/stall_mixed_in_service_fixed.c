/* SPDX-License-Identifier: MIT
 *
 * Twin of stall_mixed_in_service.c and its like: for more than a second goroutines stand as they do
 * there, with the locks, and all go on after that, since main knows what they wait for. It is
 * silent.
 */
#include <gorc.h>
#include <stdatomic.h>
#include <stdlib.h>

struct queue {
    gorc_mutex m;
    gorc_chan *c;
    gorc_waitgroup locked, done;
    struct queue *next;
};

static gorc_mutex registry;
static gorc_once once;
static gorc_waitgroup all;
static _Atomic(struct queue *) first;

static void producer(void *arg)
{
    struct queue *q = arg;
    int v = 1;
    gorc_mutex_lock(&q->m);
    gorc_wg_done(&q->locked);
    gorc_chan_send(q->c, &v);
    gorc_mutex_unlock(&q->m);
}

static void consumer(void *arg)
{
    struct queue *q = arg;
    int v;
    gorc_wg_wait(&q->locked);
    gorc_mutex_lock(&q->m);
    gorc_mutex_unlock(&q->m);
    gorc_chan_recv(q->c, &v);
}

static void holder(void *arg)
{
    struct queue *q = arg;
    gorc_mutex_lock(&registry);
    gorc_wg_wait(&q->done);
    gorc_mutex_unlock(&registry);
}

static void waiter(void *arg)
{
    (void)arg;
    gorc_mutex_lock(&registry);
    gorc_mutex_unlock(&registry);
}

static void set_up(void *arg)
{
    struct queue *q = arg;
    gorc_chan_recv(q->c, NULL);
}

static void user(void *arg)
{
    gorc_once_do(&once, set_up, arg);
}

static struct queue *make(void)
{
    struct queue *q = calloc(1, sizeof *q);
    q->c = gorc_chan_new(sizeof(int), 0);
    gorc_wg_add(&q->locked, 1);
    gorc_wg_add(&q->done, 1);
    q->next = first;
    first = q;
    return q;
}

static void start(void *arg)
{
    struct queue *q = make(), *p = make(), *o = make();
    (void)arg;
    gorc_wg_go(&all, producer, q);
    gorc_wg_go(&all, consumer, q);
    gorc_wg_go(&all, holder, p);
    gorc_wg_go(&all, waiter, p);
    gorc_wg_go(&all, user, o);
    gorc_wg_go(&all, user, o);
}

static void serve(void)
{
    for (int i = 0; i < 1300; i++)
        gorc_sleep(GORC_MILLISECOND);
}

int main(void)
{
    gorc_wg_go(&all, start, NULL);
    serve();
    struct queue *o = first, *p = o->next, *q = p->next;
    int v = 1;
    gorc_chan_send(o->c, &v);
    gorc_wg_done(&p->done);
    gorc_chan_recv(q->c, &v);
    gorc_chan_send(q->c, &v); /* for the consumer */
    gorc_wg_wait(&all);
    for (struct queue *at = first, *next; at; at = next) {
        next = at->next;
        gorc_chan_unref(at->c);
        free(at);
    }
    return 0;
}
