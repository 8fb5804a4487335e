/* SPDX-License-Identifier: MIT
 *
 * C11 threads. Libc's own implementation calls its pthread functions by internal names, so each
 * function is interposed by itself. thrd_t is a pthread_t, mtx_t holds a pthread_mutex_t.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <threads.h>
#include <time.h>

#include "core/depend.h"
#include "core/lockgraph.h"
#include "core/sync.h"
#include "interpose/cancel.h"
#include "interpose/interpose.h"
#include "interpose/once.h"
#include "runtime/deadlock.h"
#include "runtime/freed.h"
#include "runtime/locks.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"

/* --- threads --- */

static int c11_main(void *arg)
{
    struct dt_thread *th = arg;
    dt_thread_start(th);
    return th->fn_c11(th->arg);
}

DT_INTERPOSE(int, thrd_create, (thrd_t * handle, thrd_start_t fn, void *arg))
{
    struct dt_thread *th = dt_thread_create(DT_CALLER, NULL);
    if (!th)
        return thrd_create(handle, fn, arg);
    th->fn_c11 = fn;
    th->arg = arg;
    int result = thrd_create(handle, c11_main, th);
    if (result != thrd_success)
        dt_thread_abort(th);
    else
        dt_thread_created(th, *handle);
    return result;
}

struct c11_join {
    thrd_t handle;
    int *result;
    int ms; /* > 0: no longer than that */
    struct dt_task *me;
    struct dt_wait_scope scope;
};

/* There is no timed join here, but thrd_t is a pthread_t, and the result an int in its pointer. */
static int call_join(void *arg)
{
    struct c11_join *j = arg;
    if (!j->ms)
        return thrd_join(j->handle, j->result) == thrd_success ? 0 : EINVAL;
    struct timespec until;
    dt_deadline_in(&until, j->ms);
    void *result;
    int err = pthread_clockjoin_np(j->handle, &result, CLOCK_MONOTONIC, &until);
    if (!err && j->result)
        *j->result = (int)(intptr_t)result;
    return err;
}

static void join_cancelled(void *arg)
{
    struct c11_join *j = arg;
    dt_wait_end(&j->scope);
    dt_task_joining(j->me, NULL);
}

static int join_for(struct c11_join *j, int ms)
{
    j->ms = ms;
    return dt_cancellable(call_join, join_cancelled, j);
}

DT_INTERPOSE(int, thrd_join, (thrd_t handle, int *result))
{
    struct dt_task *me = dt_enter();
    struct dt_thread *th = dt_thread_find(handle);
    if (!th || !me) {
        int err = thrd_join(handle, result);
        if (th && err == thrd_success)
            dt_thread_joined(th);
        return err;
    }
    struct c11_join j = {.handle = handle, .result = result, .me = me};
    dt_wait_begin(&j.scope, dt_wait_join, th, false);
    dt_task_joining(me, th->task);
    int err = join_for(&j, DT_DEADLOCK_FIRST_MS);
    if (err == ETIMEDOUT && dt_deadlock_cycle()) {
        err = join_for(&j, DT_DEADLOCK_PATIENCE_MS);
        if (err == ETIMEDOUT)
            dt_deadlock_report(me);
    }
    if (err == ETIMEDOUT)
        err = join_for(&j, 0);
    dt_wait_end(&j.scope);
    if (err)
        dt_task_joining(me, NULL);
    else
        dt_thread_joined(th);
    return err ? thrd_error : thrd_success;
}

DT_INTERPOSE(int, thrd_detach, (thrd_t handle))
{
    struct dt_thread *th = dt_thread_find(handle);
    int err = thrd_detach(handle);
    if (err == thrd_success && th)
        dt_thread_detached(th);
    return err;
}

/* --- mutexes --- */

static int mutex_taken(int result, mtx_t *m, uint32_t how, uintptr_t pc)
{
    struct dt_task *t = result == thrd_success ? dt_enter_at(pc) : NULL;
    if (t)
        dt_lock_acquired(t, m, DT_LOCK_MUTEX, how, pc);
    else if (result == thrd_busy)
        dt_depend_barrier();
    return result;
}

DT_INTERPOSE(int, mtx_init, (mtx_t * m, int type))
{
    int result = mtx_init(m, type);
    struct dt_task *t = result == thrd_success ? dt_enter() : NULL;
    if (t)
        dt_lock_created(t, m, DT_CALLER);
    return result;
}

DT_INTERPOSE(void, mtx_destroy, (mtx_t * m))
{
    struct dt_task *t = dt_enter();
    bool held = ((pthread_mutex_t *)m)->__data.__lock != 0;
    if (t && held)
        dt_lock_misuse(t, m, "mutex", "destroy-locked", "destroy of locked mutex", DT_CALLER);
    mtx_destroy(m);
    if (t && !held)
        dt_lock_destroyed(t, m, sizeof *m);
}

/* mtx_timedlock counts on the other clock, and only for mutexes made for it: the mutex behind it
 * serves any. */
static int lock_for(mtx_t *m, int ms)
{
    struct timespec until;
    dt_deadline_in(&until, ms);
    return pthread_mutex_clocklock((pthread_mutex_t *)m, CLOCK_MONOTONIC, &until);
}

static int wait_mutex(struct dt_task *t, mtx_t *m)
{
    DT_WAIT_BEGIN(dt_wait_mutex, m, false);
    int err = lock_for(m, DT_DEADLOCK_FIRST_MS);
    if (err == ETIMEDOUT && dt_deadlock_cycle()) {
        err = lock_for(m, DT_DEADLOCK_PATIENCE_MS);
        if (err == ETIMEDOUT)
            dt_deadlock_report(t);
    }
    int result = err ? thrd_busy : thrd_success;
    if (result == thrd_busy)
        result = mtx_lock(m);
    DT_WAIT_END();
    return result;
}

DT_INTERPOSE(int, mtx_lock, (mtx_t * m))
{
    struct dt_task *t = dt_enter();
    if (!t)
        return mtx_lock(m);
    int result = mtx_trylock(m);
    if (result == thrd_busy)
        result = wait_mutex(t, m);
    return mutex_taken(result, m, 0, DT_CALLER);
}

DT_INTERPOSE(int, mtx_trylock, (mtx_t * m))
{
    return mutex_taken(mtx_trylock(m), m, DT_HOW_TRY, DT_CALLER);
}

DT_INTERPOSE(int, mtx_timedlock, (mtx_t *restrict m, const struct timespec *restrict until))
{
    DT_WAIT_BEGIN(dt_wait_mutex, m, true);
    int result = mtx_timedlock(m, until);
    DT_WAIT_END();
    return mutex_taken(result, m, DT_HOW_TRY, DT_CALLER);
}

DT_INTERPOSE(int, mtx_unlock, (mtx_t * m))
{
    struct dt_task *t = dt_enter();
    if (!t)
        return mtx_unlock(m);
    bool free_now = __atomic_load_n(&((pthread_mutex_t *)m)->__data.__lock, __ATOMIC_RELAXED) == 0;
    if (free_now)
        dt_lock_misuse(t, m, "mutex", "unlock-of-unlocked", "unlock of unlocked mutex", DT_CALLER);
    else if (!dt_lock_releasing(t, m)) {
        dt_lock_misuse(t, m, "mutex", "unlock-by-other", "unlock of mutex locked by another thread",
            DT_CALLER);
        dt_lock_releasing_any(t, m);
    }
    return mtx_unlock(m);
}

/* --- condition variables --- */

struct c11_wait {
    cnd_t *cond;
    mtx_t *mutex;
    const struct timespec *until;
    struct dt_task *task;
    uintptr_t pc;
    struct dt_wait_scope scope;
};

static int call_wait(void *arg)
{
    struct c11_wait *w = arg;
    return w->until ? cnd_timedwait(w->cond, w->mutex, w->until) : cnd_wait(w->cond, w->mutex);
}

static void has_mutex_again(void *arg)
{
    struct c11_wait *w = arg;
    dt_wait_end(&w->scope);
    dt_lock_acquired(w->task, w->mutex, DT_LOCK_MUTEX, DT_HOW_AGAIN, w->pc);
}

static void wait_cancelled(void *arg)
{
    struct c11_wait *w = arg;
    dt_waits_end(w->task, w->cond);
    has_mutex_again(w);
}

static int wait_cond(struct c11_wait *w)
{
    w->task = dt_enter_at(w->pc);
    if (!w->task)
        return call_wait(w);
    dt_waits_begin(w->task, w->cond, DT_SYNC_COND);
    dt_lock_releasing_any(w->task, w->mutex);
    dt_wait_begin(&w->scope, "condition variable", w->cond, w->until != NULL);
    int result = dt_cancellable(call_wait, wait_cancelled, w);
    has_mutex_again(w);
    if (result != thrd_success) {
        dt_waits_end(w->task, w->cond);
    } else {
        dt_begin(w->task);
        dt_acquire(w->task, w->cond);
        dt_finish(w->task);
    }
    return result;
}

DT_PART void release_cond(cnd_t *c, bool all)
{
    struct dt_task *t = dt_enter();
    if (!t)
        return;
    dt_begin(t);
    dt_waits_wake(t, c, all);
    dt_lockgraph_signalled(t);
    dt_finish(t);
}

DT_INTERPOSE(int, cnd_wait, (cnd_t * c, mtx_t *m))
{
    struct c11_wait w = {.cond = c, .mutex = m, .pc = DT_CALLER};
    return wait_cond(&w);
}

DT_INTERPOSE(int, cnd_timedwait,
    (cnd_t *restrict c, mtx_t *restrict m, const struct timespec *restrict until))
{
    struct c11_wait w = {.cond = c, .mutex = m, .until = until, .pc = DT_CALLER};
    return wait_cond(&w);
}

DT_INTERPOSE(int, cnd_signal, (cnd_t * c))
{
    release_cond(c, false);
    return cnd_signal(c);
}

DT_INTERPOSE(int, cnd_broadcast, (cnd_t * c))
{
    release_cond(c, true);
    return cnd_broadcast(c);
}

DT_INTERPOSE(void, cnd_destroy, (cnd_t * c))
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_waits_destroy(t, c, DT_CALLER);
    cnd_destroy(c);
    if (!t)
        return;
    dt_begin(t);
    dt_sync_forget(c, sizeof *c);
    dt_finish(t);
}

/* --- once --- */

DT_INTERPOSE(void, call_once, (once_flag * once, void (*fn)(void)))
{
    struct dt_task *t = dt_enter();
    struct dt_once_frame f;
    if (!t || !dt_once_enter(&f, once, fn, DT_CALLER)) {
        call_once(once, fn);
        return;
    }
    DT_WAIT_BEGIN("call_once", once, false);
    call_once(once, dt_once_thunk);
    DT_WAIT_END();
    dt_once_leave(t, &f);
}
