/* SPDX-License-Identifier: MIT
 *
 * Reader-writer locks. A lock call tries first, as a mutex's does (pthread_mutex.c).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "core/depend.h"
#include "interpose/interpose.h"
#include "runtime/deadlock.h"
#include "runtime/locks.h"
#include "runtime/runtime.h"

/* glibc: bit 1 of __readers is set while a writer holds it, the count of readers is above bit 2. */
static bool is_free(const pthread_rwlock_t *l)
{
    unsigned r = __atomic_load_n(&l->__data.__readers, __ATOMIC_RELAXED);
    return !(r & 2) && !(r >> 3);
}

static int write_for(pthread_rwlock_t *l, int ms)
{
    struct timespec until;
    dt_deadline_in(&until, ms);
    return pthread_rwlock_clockwrlock(l, CLOCK_MONOTONIC, &until);
}

static int wait_write(struct dt_task *t, pthread_rwlock_t *l)
{
    DT_WAIT_BEGIN(dt_wait_rwlock, l, false);
    int err = write_for(l, DT_DEADLOCK_FIRST_MS);
    if (err == ETIMEDOUT && dt_deadlock_cycle()) {
        err = write_for(l, DT_DEADLOCK_PATIENCE_MS);
        if (err == ETIMEDOUT)
            dt_deadlock_report(t);
    }
    if (err == ETIMEDOUT)
        err = pthread_rwlock_wrlock(l);
    DT_WAIT_END();
    return err;
}

static int read_for(pthread_rwlock_t *l, int ms)
{
    struct timespec until;
    dt_deadline_in(&until, ms);
    return pthread_rwlock_clockrdlock(l, CLOCK_MONOTONIC, &until);
}

static int wait_read(struct dt_task *t, pthread_rwlock_t *l)
{
    DT_WAIT_BEGIN(dt_wait_rwlock, l, false);
    int err = read_for(l, DT_DEADLOCK_FIRST_MS);
    if (err == ETIMEDOUT && dt_deadlock_cycle()) {
        err = read_for(l, DT_DEADLOCK_PATIENCE_MS);
        if (err == ETIMEDOUT)
            dt_deadlock_report(t);
    }
    if (err == ETIMEDOUT)
        err = pthread_rwlock_rdlock(l);
    DT_WAIT_END();
    return err;
}

static enum dt_lock_kind kind_of(const pthread_rwlock_t *l)
{
    return l->__data.__flags == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP
               ? DT_LOCK_RWLOCK_WRITERS
               : DT_LOCK_RWLOCK;
}

static int taken_write(int err, pthread_rwlock_t *l, uint32_t how, uintptr_t pc)
{
    struct dt_task *t = err ? NULL : dt_enter_at(pc);
    if (t)
        dt_lock_acquired(t, l, kind_of(l), how, pc);
    else if (err == EBUSY && (how & DT_HOW_TRY))
        dt_depend_barrier();
    return err;
}

static int taken_read(int err, pthread_rwlock_t *l, uint32_t how, uintptr_t pc)
{
    struct dt_task *t = err ? NULL : dt_enter_at(pc);
    if (t)
        dt_lock_acquired_shared(t, l, kind_of(l), how, pc);
    else if (err == EBUSY && (how & DT_HOW_TRY))
        dt_depend_barrier();
    return err;
}

DT_INTERPOSE(int, pthread_rwlock_init, (pthread_rwlock_t * l, const pthread_rwlockattr_t *attr))
{
    int err = pthread_rwlock_init(l, attr);
    struct dt_task *t = err ? NULL : dt_enter();
    if (t)
        dt_lock_created(t, l, DT_CALLER);
    return err;
}

DT_INTERPOSE(int, pthread_rwlock_destroy, (pthread_rwlock_t * l))
{
    bool held = !is_free(l);
    int err = pthread_rwlock_destroy(l);
    struct dt_task *t = dt_enter();
    if (t && held)
        dt_lock_misuse(t, l, "rwlock", "destroy-locked", "destroy of locked rwlock", DT_CALLER);
    if (t && !err)
        dt_lock_destroyed(t, l, sizeof *l);
    return err;
}

DT_INTERPOSE(int, pthread_rwlock_wrlock, (pthread_rwlock_t * l))
{
    struct dt_task *t = dt_enter();
    if (!t)
        return pthread_rwlock_wrlock(l);
    int err = pthread_rwlock_trywrlock(l);
    if (err == EBUSY)
        err = wait_write(t, l);
    return taken_write(err, l, 0, DT_CALLER);
}

DT_INTERPOSE(int, pthread_rwlock_rdlock, (pthread_rwlock_t * l))
{
    struct dt_task *t = dt_enter();
    if (!t)
        return pthread_rwlock_rdlock(l);
    int err = pthread_rwlock_tryrdlock(l);
    if (err == EBUSY)
        err = wait_read(t, l);
    return taken_read(err, l, 0, DT_CALLER);
}

DT_INTERPOSE(int, pthread_rwlock_trywrlock, (pthread_rwlock_t * l))
{
    return taken_write(pthread_rwlock_trywrlock(l), l, DT_HOW_TRY, DT_CALLER);
}

DT_INTERPOSE(int, pthread_rwlock_tryrdlock, (pthread_rwlock_t * l))
{
    return taken_read(pthread_rwlock_tryrdlock(l), l, DT_HOW_TRY, DT_CALLER);
}

DT_INTERPOSE(int, pthread_rwlock_timedwrlock, (pthread_rwlock_t * l, const struct timespec *until))
{
    DT_WAIT_BEGIN(dt_wait_rwlock, l, true);
    int err = pthread_rwlock_timedwrlock(l, until);
    DT_WAIT_END();
    return taken_write(err, l, DT_HOW_TRY, DT_CALLER);
}

DT_INTERPOSE(int, pthread_rwlock_timedrdlock, (pthread_rwlock_t * l, const struct timespec *until))
{
    DT_WAIT_BEGIN(dt_wait_rwlock, l, true);
    int err = pthread_rwlock_timedrdlock(l, until);
    DT_WAIT_END();
    return taken_read(err, l, DT_HOW_TRY, DT_CALLER);
}

DT_INTERPOSE(int, pthread_rwlock_clockwrlock,
    (pthread_rwlock_t * l, clockid_t clock, const struct timespec *until))
{
    DT_WAIT_BEGIN(dt_wait_rwlock, l, true);
    int err = pthread_rwlock_clockwrlock(l, clock, until);
    DT_WAIT_END();
    return taken_write(err, l, DT_HOW_TRY, DT_CALLER);
}

DT_INTERPOSE(int, pthread_rwlock_clockrdlock,
    (pthread_rwlock_t * l, clockid_t clock, const struct timespec *until))
{
    DT_WAIT_BEGIN(dt_wait_rwlock, l, true);
    int err = pthread_rwlock_clockrdlock(l, clock, until);
    DT_WAIT_END();
    return taken_read(err, l, DT_HOW_TRY, DT_CALLER);
}

DT_INTERPOSE(int, pthread_rwlock_unlock, (pthread_rwlock_t * l))
{
    struct dt_task *t = dt_enter();
    if (!t)
        return pthread_rwlock_unlock(l);
    if (__builtin_expect(is_free(l), 0))
        dt_lock_misuse(
            t, l, "rwlock", "unlock-of-unlocked", "unlock of unlocked rwlock", DT_CALLER);
    dt_lock_releasing_any(t, l);
    return pthread_rwlock_unlock(l);
}
