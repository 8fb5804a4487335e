/* SPDX-License-Identifier: MIT
 *
 * POSIX semaphores, unnamed and named: a post happens before the waits that come after it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <semaphore.h>
#include <stdbool.h>
#include <time.h>

#include "core/sync.h"
#include "interpose/cancel.h"
#include "interpose/interpose.h"
#include "runtime/freed.h"
#include "runtime/locks.h"
#include "runtime/runtime.h"

static void forget(sem_t *s)
{
    struct dt_task *t = dt_enter();
    if (!t)
        return;
    dt_begin(t);
    dt_sync_forget(s, sizeof *s);
    dt_finish(t);
}

DT_PART int got(int result, sem_t *s)
{
    struct dt_task *t = result ? NULL : dt_enter();
    if (!t)
        return result;
    dt_begin(t);
    dt_acquire(t, s);
    dt_finish(t);
    return result;
}

DT_INTERPOSE(int, sem_init, (sem_t * s, int shared, unsigned value))
{
    struct dt_task *t = dt_enter();
    if (t) {
        forget(s);
        dt_lock_created(t, s, DT_CALLER);
    }
    return sem_init(s, shared, value);
}

DT_INTERPOSE(int, sem_destroy, (sem_t * s))
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_waits_destroy(t, s, DT_CALLER);
    int result = sem_destroy(s);
    if (!result)
        forget(s);
    return result;
}

DT_INTERPOSE(int, sem_post, (sem_t * s))
{
    struct dt_task *t = dt_enter();
    if (t) {
        dt_begin(t);
        dt_waits_wake(t, s, false);
        dt_finish(t);
    }
    return sem_post(s);
}

/* A wait that has to wait. */
struct sem_wait {
    sem_t *sem;
    bool has_clock;
    clockid_t clock;
    const struct timespec *until; /* NULL: no limit */
    struct dt_task *task;
    struct dt_wait_scope scope;
};

static int call_wait(void *arg)
{
    struct sem_wait *w = arg;
    if (!w->until)
        return sem_wait(w->sem);
    return w->has_clock ? sem_clockwait(w->sem, w->clock, w->until)
                        : sem_timedwait(w->sem, w->until);
}

static void ends_unwoken(void *arg)
{
    struct sem_wait *w = arg;
    dt_wait_end(&w->scope);
    if (w->task)
        dt_waits_end(w->task, w->sem);
}

static bool is_zero(sem_t *s)
{
    int value;
    return sem_getvalue(s, &value) == 0 && value == 0;
}

static int wait(struct sem_wait *w)
{
    w->task = is_zero(w->sem) ? dt_enter_quietly() : NULL;
    if (w->task)
        dt_waits_begin(w->task, w->sem, DT_SYNC_SEMAPHORE);
    if (w->task && !is_zero(w->sem)) { /* who posted meanwhile may not have seen us */
        dt_waits_end(w->task, w->sem);
        w->task = NULL;
    }
    dt_wait_begin(&w->scope, "semaphore", w->sem, w->until != NULL);
    int result = dt_cancellable(call_wait, ends_unwoken, w);
    int saved = errno;
    if (result)
        ends_unwoken(w);
    else
        dt_wait_end(&w->scope);
    errno = saved;
    return result;
}

DT_INTERPOSE(int, sem_wait, (sem_t * s))
{
    struct sem_wait w = {.sem = s};
    return got(wait(&w), s);
}

DT_INTERPOSE(int, sem_trywait, (sem_t * s))
{
    return got(sem_trywait(s), s);
}

DT_INTERPOSE(int, sem_timedwait, (sem_t *restrict s, const struct timespec *restrict until))
{
    struct sem_wait w = {.sem = s, .until = until};
    return got(wait(&w), s);
}

DT_INTERPOSE(
    int, sem_clockwait, (sem_t *restrict s, clockid_t clock, const struct timespec *restrict until))
{
    struct sem_wait w = {.sem = s, .has_clock = true, .clock = clock, .until = until};
    return got(wait(&w), s);
}

/* Who finds a value goes by it. */
DT_INTERPOSE(int, sem_getvalue, (sem_t *restrict s, int *restrict value))
{
    return got(sem_getvalue(s, value), s);
}
