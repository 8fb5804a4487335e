/* SPDX-License-Identifier: MIT
 *
 * POSIX semaphores, unnamed and named: a post happens before the waits that come after it.
 */
#define _GNU_SOURCE
#include <semaphore.h>
#include <time.h>

#include "core/sync.h"
#include "interpose/interpose.h"
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
    forget(s);
    return sem_init(s, shared, value);
}

DT_INTERPOSE(int, sem_destroy, (sem_t * s))
{
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
        dt_release(t, s);
        dt_finish(t);
    }
    return sem_post(s);
}

DT_INTERPOSE(int, sem_wait, (sem_t * s))
{
    DT_WAIT_BEGIN("semaphore", s, false);
    int result = sem_wait(s);
    DT_WAIT_END();
    return got(result, s);
}

DT_INTERPOSE(int, sem_trywait, (sem_t * s))
{
    return got(sem_trywait(s), s);
}

DT_INTERPOSE(int, sem_timedwait, (sem_t *restrict s, const struct timespec *restrict until))
{
    DT_WAIT_BEGIN("semaphore", s, true);
    int result = sem_timedwait(s, until);
    DT_WAIT_END();
    return got(result, s);
}

DT_INTERPOSE(
    int, sem_clockwait, (sem_t *restrict s, clockid_t clock, const struct timespec *restrict until))
{
    DT_WAIT_BEGIN("semaphore", s, true);
    int result = sem_clockwait(s, clock, until);
    DT_WAIT_END();
    return got(result, s);
}

/* Who finds a value goes by it. */
DT_INTERPOSE(int, sem_getvalue, (sem_t *restrict s, int *restrict value))
{
    return got(sem_getvalue(s, value), s);
}
