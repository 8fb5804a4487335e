/* SPDX-License-Identifier: MIT
 *
 * Mutexes of every type. A lock call tries first, so that only one that has to wait publishes its
 * wait and looks for a deadlock. An error of the program's is recorded, and libc's call is made all
 * the same.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "core/depend.h"
#include "core/sync.h"
#include "interpose/interpose.h"
#include "interpose/lock_kind.h"
#include "runtime/deadlock.h"
#include "runtime/locks.h"
#include "runtime/runtime.h"

/* Bits of glibc's __kind: the two lowest are the type (1 recursive, 2 error checking); the others
 * make it robust, priority inheriting, priority protected. Static initialisers hold these values,
 * so they cannot change. */
static bool checks_owner(const pthread_mutex_t *m)
{
    int kind = m->__data.__kind;
    return (kind & 3) == 1 || (kind & 3) == 2 || (kind & 0x70);
}

static bool is_taken(int err)
{
    return err == 0 || err == EOWNERDEAD;
}

static int lock_for(pthread_mutex_t *m, int ms)
{
    struct timespec until;
    dt_deadline_in(&until, ms);
    return pthread_mutex_clocklock(m, CLOCK_MONOTONIC, &until);
}

static int lock_waiting(struct dt_task *t, pthread_mutex_t *m)
{
    DT_WAIT_BEGIN(dt_wait_mutex, m, false);
    int err = lock_for(m, DT_DEADLOCK_FIRST_MS);
    if (err == ETIMEDOUT && dt_deadlock_cycle()) {
        err = lock_for(m, DT_DEADLOCK_PATIENCE_MS);
        if (err == ETIMEDOUT)
            dt_deadlock_report(t);
    }
    if (err == ETIMEDOUT)
        err = pthread_mutex_lock(m);
    DT_WAIT_END();
    return err;
}

DT_INTERPOSE(int, pthread_mutex_init, (pthread_mutex_t * m, const pthread_mutexattr_t *attr))
{
    int err = pthread_mutex_init(m, attr);
    struct dt_task *t = err ? NULL : dt_enter();
    if (t)
        dt_lock_created(t, m, DT_CALLER);
    return err;
}

DT_INTERPOSE(int, pthread_mutex_destroy, (pthread_mutex_t * m))
{
    int err = pthread_mutex_destroy(m);
    struct dt_task *t = dt_enter();
    if (t && err == EBUSY)
        dt_lock_misuse(t, m, "mutex", "destroy-locked", "destroy of locked mutex", DT_CALLER);
    else if (t && !err)
        dt_lock_destroyed(t, m, sizeof *m);
    return err;
}

DT_INTERPOSE(int, pthread_mutex_lock, (pthread_mutex_t * m))
{
    struct dt_task *t = dt_enter();
    if (!t)
        return pthread_mutex_lock(m);
    int err = pthread_mutex_trylock(m);
    if (err == EBUSY)
        err = lock_waiting(t, m);
    if (is_taken(err))
        dt_lock_acquired(t, m, dt_mutex_kind(m), 0, DT_CALLER);
    return err;
}

DT_INTERPOSE(int, pthread_mutex_trylock, (pthread_mutex_t * m))
{
    int err = pthread_mutex_trylock(m);
    struct dt_task *t = is_taken(err) ? dt_enter() : NULL;
    if (t)
        dt_lock_acquired(t, m, dt_mutex_kind(m), DT_HOW_TRY, DT_CALLER);
    else if (err == EBUSY)
        dt_depend_barrier();
    return err;
}

DT_INTERPOSE(int, pthread_mutex_timedlock, (pthread_mutex_t * m, const struct timespec *until))
{
    DT_WAIT_BEGIN(dt_wait_mutex, m, true);
    int err = pthread_mutex_timedlock(m, until);
    DT_WAIT_END();
    struct dt_task *t = is_taken(err) ? dt_enter() : NULL;
    if (t)
        dt_lock_acquired(t, m, dt_mutex_kind(m), DT_HOW_TRY, DT_CALLER);
    return err;
}

DT_INTERPOSE(int, pthread_mutex_clocklock,
    (pthread_mutex_t * m, clockid_t clock, const struct timespec *until))
{
    DT_WAIT_BEGIN(dt_wait_mutex, m, true);
    int err = pthread_mutex_clocklock(m, clock, until);
    DT_WAIT_END();
    struct dt_task *t = is_taken(err) ? dt_enter() : NULL;
    if (t)
        dt_lock_acquired(t, m, dt_mutex_kind(m), DT_HOW_TRY, DT_CALLER);
    return err;
}

/* An unlock that libc may refuse: nothing is given up before it has not. */
static int unlock_foreign(struct dt_task *t, pthread_mutex_t *m, bool free_now, uintptr_t pc)
{
    const char *rule = free_now ? "unlock-of-unlocked" : "unlock-by-other";
    const char *words =
        free_now ? "unlock of unlocked mutex" : "unlock of mutex locked by another thread";
    if (checks_owner(m)) {
        int err = pthread_mutex_unlock(m);
        if (err == EPERM)
            dt_lock_misuse(t, m, "mutex", rule, words, pc);
        else if (!err)
            dt_lock_releasing_any(t, m);
        return err;
    }
    dt_lock_misuse(t, m, "mutex", rule, words, pc);
    dt_lock_releasing_any(t, m);
    return pthread_mutex_unlock(m);
}

DT_INTERPOSE(int, pthread_mutex_unlock, (pthread_mutex_t * m))
{
    struct dt_task *t = dt_enter();
    if (!t)
        return pthread_mutex_unlock(m);
    bool free_now = __atomic_load_n(&m->__data.__lock, __ATOMIC_RELAXED) == 0;
    if (__builtin_expect(free_now || !dt_lock_releasing(t, m), 0))
        return unlock_foreign(t, m, free_now, DT_CALLER);
    return pthread_mutex_unlock(m);
}
