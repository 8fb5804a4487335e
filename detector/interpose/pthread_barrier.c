/* SPDX-License-Identifier: MIT
 *
 * Barriers. Who arrives at a round happens before all who leave it, and nothing else: a fast
 * thread may arrive at the next round before a slow one has left this one, so two rounds' clocks
 * are needed, and two are enough, since nobody reaches round n + 2 before all have left round n.
 * They are kept at the barrier's address + 1 + (round & 1). The object at the address itself counts
 * arrivals (recursion) and knows how many make a round (owner_uid; 0: the barrier was made unseen).
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "core/sync.h"
#include "interpose/interpose.h"
#include "runtime/freed.h"
#include "runtime/runtime.h"

DT_INTERPOSE(int, pthread_barrier_init,
    (pthread_barrier_t * b, const pthread_barrierattr_t *attr, unsigned count))
{
    int err = pthread_barrier_init(b, attr, count);
    struct dt_task *t = err ? NULL : dt_enter();
    if (!t)
        return err;
    dt_begin(t);
    dt_sync_forget(b, sizeof *b);
    struct dt_sync *s = dt_sync_lock(b, true);
    if (s) {
        s->owner_uid = count;
        s->what = DT_SYNC_BARRIER;
        s->created = dt_here(t, DT_CALLER);
        dt_sync_unlock(s);
    }
    dt_finish(t);
    return err;
}

DT_INTERPOSE(int, pthread_barrier_destroy, (pthread_barrier_t * b))
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_waits_destroy(t, b, DT_CALLER);
    DT_WAIT_BEGIN("pthread barrier destroy", b, false);
    int err = pthread_barrier_destroy(b);
    DT_WAIT_END();
    if (t && !err) {
        dt_begin(t);
        dt_sync_forget(b, sizeof *b);
        dt_finish(t);
    }
    return err;
}

static const char *arrive(struct dt_task *t, pthread_barrier_t *b)
{
    dt_begin(t);
    uint32_t arrivals = 0, count = 0;
    struct dt_sync *s = dt_sync_lock(b, true);
    if (s) {
        count = s->owner_uid;
        arrivals = count ? s->recursion++ : 0;
        if (count && s->recursion == 2 * count)
            s->recursion = 0;
        dt_sync_unlock(s);
    }
    const char *key = (const char *)b + 1 + (count ? arrivals / count : 0);
    /* The round before last is over for everybody: its clock is void. */
    if (count && arrivals % count == 0)
        dt_sync_forget(key, 1);
    dt_release(t, key);
    dt_finish(t);
    return key;
}

DT_INTERPOSE(int, pthread_barrier_wait, (pthread_barrier_t * b))
{
    struct dt_task *t = dt_enter();
    if (!t)
        return pthread_barrier_wait(b);
    const char *key = arrive(t, b);
    DT_WAIT_BEGIN("pthread barrier", b, false);
    int err = pthread_barrier_wait(b);
    DT_WAIT_END();
    if (err == 0 || err == PTHREAD_BARRIER_SERIAL_THREAD) {
        dt_begin(t);
        dt_acquire(t, key);
        dt_finish(t);
    }
    return err;
}
