/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of cockroach_1055.c: a worker signs off from the drain group before it waits.
 */
#include <gorc.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { STOPPERS = 3 };

struct stopper {
    gorc_mutex mu;
    gorc_chan *stop;
    gorc_waitgroup drain, stopped;
    atomic_int draining;
};

struct all {
    struct stopper s[STOPPERS];
    gorc_chan *done;
};

static void worker(void *arg)
{
    struct stopper *s = arg;
    if (!atomic_load(&s->draining)) {
        gorc_mutex_lock(&s->mu);
        gorc_wg_add(&s->drain, 1);
        gorc_mutex_unlock(&s->mu);
        gorc_wg_done(&s->drain);
    }
    gorc_chan_recv(s->stop, NULL);
    gorc_wg_done(&s->stopped);
}

static void quiesce(struct stopper *s)
{
    gorc_mutex_lock(&s->mu);
    atomic_store(&s->draining, 1);
    gorc_wg_wait(&s->drain);
    atomic_store(&s->draining, 0);
    gorc_mutex_unlock(&s->mu);
}

static void stop(struct stopper *s)
{
    gorc_mutex_lock(&s->mu);
    atomic_store(&s->draining, 1);
    gorc_wg_wait(&s->drain);
    gorc_chan_close(s->stop);
    gorc_mutex_unlock(&s->mu);
    gorc_wg_wait(&s->stopped);
}

static void closer(void *arg)
{
    struct all *a = arg;
    for (int i = 0; i < STOPPERS; i++)
        quiesce(&a->s[i]);
    for (int i = 0; i < STOPPERS; i++)
        stop(&a->s[i]);
    gorc_chan_close(a->done);
}

int main(void)
{
    struct all *a = calloc(1, sizeof *a);
    a->done = gorc_chan_new(0, 0);

    for (int i = 0; i < STOPPERS; i++) {
        a->s[i].stop = gorc_chan_new(0, 0);
        gorc_wg_add(&a->s[i].stopped, 1);
        gorc_go(worker, &a->s[i]);
        gorc_yield(); /* it registers */
    }
    gorc_go(closer, a);
    gorc_chan_recv(a->done, NULL);
    for (int i = 0; i < STOPPERS; i++)
        gorc_chan_unref(a->s[i].stop);
    gorc_chan_unref(a->done);
    free(a);
    return 0;
}
