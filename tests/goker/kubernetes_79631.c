/* SPDX-License-Identifier: MIT
 *
 * The queue's goroutine deletes a key under the queue's lock and then waits for a stop that nobody
 * gives; the test looks the key up without the lock.
 *
 * verdict: race
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
    q->used = 0; /* HERE: delete */
    gorc_rwmutex_unlock(&q->mu);
    gorc_wg_done(&q->popped);
    gorc_case cases[] = {gorc_case_recv(q->stop, NULL)};
    gorc_select(cases, 1); /* HERE: stop */
}

static __attribute__((noinline)) void test_pop(void)
{
    struct queue *q = calloc(1, sizeof *q);
    q->used = 1;
    q->stop = gorc_chan_new(0, 0); /* HERE: made */
    gorc_wg_add(&q->popped, 1);
    gorc_go(run, q);             /* HERE: go */
    volatile int used = q->used; /* HERE: lookup */
    (void)used;
    gorc_wg_wait(&q->popped);
}

int main(void)
{
    test_pop(); /* HERE: test */
    gorc_yield();
    return 0;
}
