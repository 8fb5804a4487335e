/* SPDX-License-Identifier: MIT
 *
 * Spin locks.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "core/depend.h"
#include "interpose/interpose.h"
#include "runtime/deadlock.h"
#include "runtime/locks.h"
#include "runtime/runtime.h"

/* EBUSY: the time is over. */
static int spin_for(pthread_spinlock_t *l, int ms)
{
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    int err;
    do {
        err = pthread_spin_trylock(l);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (err == EBUSY &&
             (now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
    return err;
}

static int spin(struct dt_task *t, pthread_spinlock_t *l)
{
    DT_WAIT_BEGIN(dt_wait_spin, (const void *)(uintptr_t)l, false);
    int err = spin_for(l, DT_DEADLOCK_FIRST_MS);
    if (err == EBUSY && dt_deadlock_cycle()) {
        err = spin_for(l, DT_DEADLOCK_PATIENCE_MS);
        if (err == EBUSY)
            dt_deadlock_report(t);
    }
    if (err == EBUSY)
        err = pthread_spin_lock(l);
    DT_WAIT_END();
    return err;
}

DT_INTERPOSE(int, pthread_spin_init, (pthread_spinlock_t * l, int shared))
{
    int err = pthread_spin_init(l, shared);
    struct dt_task *t = err ? NULL : dt_enter();
    if (t)
        dt_lock_created(t, (const void *)(uintptr_t)l, DT_CALLER);
    return err;
}

DT_INTERPOSE(int, pthread_spin_destroy, (pthread_spinlock_t * l))
{
    int err = pthread_spin_destroy(l);
    struct dt_task *t = err ? NULL : dt_enter();
    if (t)
        dt_lock_destroyed(t, (const void *)(uintptr_t)l, sizeof *l);
    return err;
}

DT_INTERPOSE(int, pthread_spin_lock, (pthread_spinlock_t * l))
{
    struct dt_task *t = dt_enter();
    if (!t)
        return pthread_spin_lock(l);
    int err = pthread_spin_trylock(l);
    if (err == EBUSY)
        err = spin(t, l);
    if (!err)
        dt_lock_acquired(t, (const void *)(uintptr_t)l, DT_LOCK_SPIN, 0, DT_CALLER);
    return err;
}

DT_INTERPOSE(int, pthread_spin_trylock, (pthread_spinlock_t * l))
{
    int err = pthread_spin_trylock(l);
    struct dt_task *t = err ? NULL : dt_enter();
    if (t)
        dt_lock_acquired(t, (const void *)(uintptr_t)l, DT_LOCK_SPIN, DT_HOW_TRY, DT_CALLER);
    else if (err)
        dt_depend_barrier();
    return err;
}

DT_INTERPOSE(int, pthread_spin_unlock, (pthread_spinlock_t * l))
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_lock_releasing_any(t, (const void *)(uintptr_t)l);
    return pthread_spin_unlock(l);
}
