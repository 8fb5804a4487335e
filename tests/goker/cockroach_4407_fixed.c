/* SPDX-License-Identifier: MIT
 *
 * Repaired: a task is added under the lock only while the server is not stopping, and stopping is
 * decided under the same lock before the wait.
 */
#include <gorc.h>

#include "barrier.h"

struct server {
    gorc_mutex mu;
    gorc_waitgroup tasks;
    gorc_chan *stop;
    int stopping;
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
    if (!s->stopping) {
        gorc_wg_add(&s->tasks, 1);
        gorc_go(task, s);
    }
    gorc_mutex_unlock(&s->mu);
    hidden_step();
}

static void worker(void *arg)
{
    run_task(arg);
}

int main(void)
{
    static struct server s;
    s.stop = gorc_chan_new(0, 0);
    gorc_go(worker, &s);
    gorc_go(worker, &s);
    hidden_yield_until(2);
    gorc_mutex_lock(&s.mu);
    s.stopping = 1;
    gorc_mutex_unlock(&s.mu);
    gorc_chan_close(s.stop);
    gorc_wg_wait(&s.tasks);
    gorc_chan_unref(s.stop);
    return 0;
}
