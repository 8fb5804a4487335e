/* SPDX-License-Identifier: MIT
 *
 * Threads: create, join, detach, name. The work is in runtime/thread.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "interpose/cancel.h"
#include "interpose/interpose.h"
#include "runtime/deadlock.h"
#include "runtime/lock_order.h"
#include "runtime/locks.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"

static void *thread_main(void *arg)
{
    struct dt_thread *th = arg;
    dt_thread_start(th);
    return th->fn(th->arg);
}

DT_INTERPOSE(int, pthread_create,
    (pthread_t * handle, const pthread_attr_t *attr, void *(*fn)(void *), void *arg))
{
    struct dt_thread *th = dt_thread_create(DT_CALLER, attr);
    if (!th)
        return pthread_create(handle, attr, fn, arg);
    th->fn = fn;
    th->arg = arg;
    int err = pthread_create(handle, attr, thread_main, th);
    if (err)
        dt_thread_abort(th);
    else
        dt_thread_created(th, *handle);
    return err;
}

/* --- join --- */

struct join {
    pthread_t handle;
    void **result;
    clockid_t clock;
    const struct timespec *until; /* NULL: no limit */
    struct dt_thread *thread;
    struct dt_wait_scope *scope;
    struct dt_task *me;
};

static int call_join(void *arg)
{
    struct join *j = arg;
    return j->until ? pthread_clockjoin_np(j->handle, j->result, j->clock, j->until)
                    : pthread_join(j->handle, j->result);
}

static void join_cancelled(void *arg)
{
    struct join *j = arg;
    dt_wait_end(j->scope);
    dt_task_joining(j->me, NULL);
}

static int join_for(const struct join *j, int ms)
{
    struct timespec until;
    dt_deadline_in(&until, ms);
    struct join timed = *j;
    timed.clock = CLOCK_MONOTONIC;
    timed.until = &until;
    return dt_cancellable(call_join, join_cancelled, &timed);
}

/* The thread to be joined may wait for this one: see deadlock.c. */
static int join_watched(struct join *j, struct dt_task *me)
{
    int err = join_for(j, DT_DEADLOCK_FIRST_MS);
    if (err == ETIMEDOUT && dt_deadlock_cycle()) {
        err = join_for(j, DT_DEADLOCK_PATIENCE_MS);
        if (err == ETIMEDOUT)
            dt_deadlock_report(me);
    }
    return err;
}

DT_PART int join_thread(struct join *j)
{
    struct dt_task *me = dt_enter();
    j->thread = dt_thread_find(j->handle);
    if (!me || !j->thread) {
        int err = call_join(j);
        if (!err && j->thread)
            dt_thread_joined(j->thread);
        return err;
    }
    struct dt_wait_scope scope;
    j->scope = &scope;
    j->me = me;
    dt_wait_begin(&scope, dt_wait_join, j->thread, j->until != NULL);
    if (!j->until)
        dt_task_joining(me, j->thread->task);
    int err = j->until ? ETIMEDOUT : join_watched(j, me);
    if (err == ETIMEDOUT)
        err = dt_cancellable(call_join, join_cancelled, j);
    dt_wait_end(&scope);
    if (!err && !j->until && me->nheld && j->thread->task) {
        dt_begin(me);
        dt_lock_wait_joined(me, j->thread->task, me->caller);
        dt_finish(me);
    }
    if (!err)
        dt_thread_joined(j->thread);
    else if (!j->until)
        dt_task_joining(me, NULL);
    return err;
}

DT_INTERPOSE(int, pthread_join, (pthread_t handle, void **result))
{
    struct join j = {.handle = handle, .result = result};
    return join_thread(&j);
}

DT_INTERPOSE(int, pthread_tryjoin_np, (pthread_t handle, void **result))
{
    struct dt_thread *th = dt_thread_find(handle);
    int err = pthread_tryjoin_np(handle, result);
    if (!err && th)
        dt_thread_joined(th);
    return err;
}

DT_INTERPOSE(
    int, pthread_timedjoin_np, (pthread_t handle, void **result, const struct timespec *until))
{
    struct join j = {handle, result, CLOCK_REALTIME, until, NULL, NULL, NULL};
    return join_thread(&j);
}

DT_INTERPOSE(int, pthread_clockjoin_np,
    (pthread_t handle, void **result, clockid_t clock, const struct timespec *until))
{
    struct join j = {handle, result, clock, until, NULL, NULL, NULL};
    return join_thread(&j);
}

DT_INTERPOSE(int, pthread_detach, (pthread_t handle))
{
    struct dt_thread *th = dt_thread_find(handle);
    int err = pthread_detach(handle);
    if (!err && th)
        dt_thread_detached(th);
    return err;
}

DT_INTERPOSE(int, pthread_setname_np, (pthread_t handle, const char *name))
{
    int err = pthread_setname_np(handle, name);
    struct dt_thread *th = err ? NULL : dt_thread_find(handle);
    if (th && th->task)
        dt_task_set_name(th->task, name);
    return err;
}
