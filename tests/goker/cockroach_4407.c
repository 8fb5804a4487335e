/* SPDX-License-Identifier: MIT
 *
 * Two goroutines each add to a wait group under the server's lock and start a task; main closes the
 * stop channel and waits. Nothing orders the adds, the first of which finds zero, with the wait.
 *
 * verdict: race
 */
#include <gorc.h>

#include "barrier.h"

struct server {
    gorc_mutex mu;
    gorc_waitgroup tasks;
    gorc_chan *stop;
};

static void task(void *arg)
{
    struct server *s = arg;
    gorc_mutex_lock(&s->mu);
    gorc_mutex_unlock(&s->mu);
    gorc_wg_done(&s->tasks);
}

static void run_task(struct server *s)
{
    gorc_mutex_lock(&s->mu);
    gorc_wg_add(&s->tasks, 1); /* HERE: add */
    gorc_go(task, s);
    gorc_mutex_unlock(&s->mu);
    hidden_step();
}

static void worker(void *arg)
{
    run_task(arg); /* HERE: run */
}

int main(void)
{
    static struct server s;
    s.stop = gorc_chan_new(0, 0);
    gorc_go(worker, &s); /* HERE: go */
    gorc_go(worker, &s); /* HERE: go2 */
    hidden_yield_until(2);
    gorc_chan_close(s.stop);
    gorc_wg_wait(&s.tasks); /* HERE: wait */
    gorc_chan_unref(s.stop);
    return 0;
}
