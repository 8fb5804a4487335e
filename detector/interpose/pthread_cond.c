/* SPDX-License-Identifier: MIT
 *
 * Condition variables. A wait gives the mutex up and has it again when it returns, with an error
 * and on cancellation too. Signal and broadcast happen before the waits that they end (POSIX 4.12).
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "core/lockgraph.h"
#include "core/sync.h"
#include "interpose/cancel.h"
#include "interpose/interpose.h"
#include "interpose/lock_kind.h"
#include "runtime/freed.h"
#include "runtime/locks.h"
#include "runtime/runtime.h"

struct cond_wait {
    pthread_cond_t *cond;
    pthread_mutex_t *mutex;
    bool has_clock;
    clockid_t clock;
    const struct timespec *until; /* NULL: no limit */
    struct dt_task *task;
    uintptr_t pc;
    struct dt_wait_scope scope;
};

static int call_wait(void *arg)
{
    struct cond_wait *w = arg;
    if (!w->until)
        return pthread_cond_wait(w->cond, w->mutex);
    if (w->has_clock)
        return pthread_cond_clockwait(w->cond, w->mutex, w->clock, w->until);
    return pthread_cond_timedwait(w->cond, w->mutex, w->until);
}

static void has_mutex_again(void *arg)
{
    struct cond_wait *w = arg;
    dt_wait_end(&w->scope);
    dt_lock_acquired(w->task, w->mutex, dt_mutex_kind(w->mutex), DT_HOW_AGAIN, w->pc);
}

static void was_cancelled(void *arg)
{
    struct cond_wait *w = arg;
    dt_waits_end(w->task, w->cond);
    has_mutex_again(w);
}

static int wait(struct cond_wait *w)
{
    w->task = dt_enter_at(w->pc);
    if (!w->task)
        return call_wait(w);
    dt_waits_begin(w->task, w->cond, DT_SYNC_COND);
    dt_lock_releasing_any(w->task, w->mutex);
    dt_wait_begin(&w->scope, "pthread cond", w->cond, w->until != NULL);
    int err = dt_cancellable(call_wait, was_cancelled, w);
    has_mutex_again(w);
    if (err) { /* nobody has woken us: whom the signal was for is another */
        dt_waits_end(w->task, w->cond);
    } else {
        dt_begin(w->task);
        dt_acquire(w->task, w->cond);
        dt_finish(w->task);
    }
    return err;
}

static void forget(pthread_cond_t *c)
{
    struct dt_task *t = dt_enter();
    if (!t)
        return;
    dt_begin(t);
    dt_sync_forget(c, sizeof *c);
    dt_finish(t);
}

DT_PART void release(pthread_cond_t *c, bool all)
{
    struct dt_task *t = dt_enter();
    if (!t)
        return;
    dt_begin(t);
    dt_waits_wake(t, c, all);
    dt_lockgraph_signalled(t);
    dt_finish(t);
}

DT_INTERPOSE(int, pthread_cond_init, (pthread_cond_t * c, const pthread_condattr_t *attr))
{
    int err = pthread_cond_init(c, attr);
    struct dt_task *t = err ? NULL : dt_enter();
    if (t) {
        forget(c);
        dt_lock_created(t, c, DT_CALLER);
    }
    return err;
}

DT_INTERPOSE(int, pthread_cond_destroy, (pthread_cond_t * c))
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_waits_destroy(t, c, DT_CALLER);
    DT_WAIT_BEGIN("pthread cond destroy", c, false);
    int err = pthread_cond_destroy(c);
    DT_WAIT_END();
    if (!err)
        forget(c);
    return err;
}

DT_INTERPOSE(int, pthread_cond_wait, (pthread_cond_t * c, pthread_mutex_t *m))
{
    struct cond_wait w = {.cond = c, .mutex = m, .pc = DT_CALLER};
    return wait(&w);
}

DT_INTERPOSE(int, pthread_cond_timedwait,
    (pthread_cond_t * c, pthread_mutex_t *m, const struct timespec *until))
{
    struct cond_wait w = {.cond = c, .mutex = m, .until = until, .pc = DT_CALLER};
    return wait(&w);
}

DT_INTERPOSE(int, pthread_cond_clockwait,
    (pthread_cond_t * c, pthread_mutex_t *m, clockid_t clock, const struct timespec *until))
{
    struct cond_wait w = {
        .cond = c, .mutex = m, .has_clock = true, .clock = clock, .until = until, .pc = DT_CALLER};
    return wait(&w);
}

DT_INTERPOSE(int, pthread_cond_signal, (pthread_cond_t * c))
{
    release(c, false);
    return pthread_cond_signal(c);
}

DT_INTERPOSE(int, pthread_cond_broadcast, (pthread_cond_t * c))
{
    release(c, true);
    return pthread_cond_broadcast(c);
}
