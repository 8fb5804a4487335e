/* SPDX-License-Identifier: MIT
 *
 * What the files of lib/sync share: the layout of a mutex, which cond needs, and small helpers.
 *
 * Lock order: the internal lock of a cond, then that of a mutex. No other two are held at once.
 */
#ifndef GORC_LIB_SYNC_SYNC_IMPL_H
#define GORC_LIB_SYNC_SYNC_IMPL_H

#include <gorc/sync.h>

#include "base/misuse.h"
#include "hooks.h"
#include "sched/g.h"
#include "sched/park.h"
#include "sync/lockword.h"
#include "sched/queues.h"

#ifdef GORC_DETECT
static const bool gorc__detecting = true;
#else
static const bool gorc__detecting = false;
#endif

/* A waiter that has waited this long makes its lock hand over directly (M4). */
#define GORC__STARVING_NS ((int64_t)1000000)
/* Rounds of spinning before a park, and PAUSEs in each (M5). */
#define GORC__SPIN_ROUNDS 4
#define GORC__SPIN_PAUSES 30

/* States of a mutex, and of the writers' side of an rwmutex. */
#define GORC__LOCKED 1u
#define GORC__QUEUED 2u   /* the queue is not empty; changes under the internal lock */
#define GORC__WOKEN 4u    /* a woken waiter or a spinner is on its way: no need to wake another */
#define GORC__STARVING 8u /* unlock hands over to the first waiter; only while LOCKED */

/* For reports (lib/tables.h): where the state of an rwmutex is and what each reader adds to it, and
 * where a wait group's counter is. rwmutex.c and waitgroup.c assert them. */
#define GORC__RWMUTEX_STATE 4u
#define GORC__READER 16u
#define GORC__WAITGROUP_COUNTER 4u

struct gorc__mutex {
    struct gorc__lockword word;
    _Atomic uint64_t holder;    /* goid, 0: not a goroutine; valid while LOCKED, for reports only */
    struct gorc__waitq waiters; /* guarded by word.lock */
};

/* The public functions, called from `pc`. */
void gorc__mutex_lock_at(struct gorc__mutex *m, const void *pc);
void gorc__mutex_unlock_at(struct gorc__mutex *m, const void *pc);
/* Locked, by anybody, and not moved since. */
bool gorc__mutex_is_locked(struct gorc__mutex *m);

/* Who locked has acquired the key and may replace its past; another (M1: any goroutine may unlock)
 * adds to it. */
static inline void gorc__unlock_hook(const void *lock, const _Atomic uint64_t *holder)
{
    if (!gorc__detecting)
        return;
    uint64_t id = gorc__self()->goid;
    gorc__hook_unlocked(
        lock, lock, id != 0 && id == atomic_load_explicit(holder, memory_order_relaxed));
}

static inline void gorc__spin_round(void)
{
    for (int i = 0; i < GORC__SPIN_PAUSES; i++)
        gorc__cpu_relax();
}

/* A waiter for a lock keeps in `flag` when it began to wait and in `value` whether it was handed
 * the lock. */
static inline bool gorc__waiter_handed(const struct gorc__waiter *w)
{
    return w->value != NULL;
}

static inline int64_t gorc__waiter_since(const struct gorc__waiter *w)
{
    return (int64_t)w->flag;
}

/* Wakes every waiter of a list that was taken out of its object, first come first. The records are
 * on the waiters' stacks. */
static inline void gorc__ready_list(struct gorc__waiter *w)
{
    while (w) {
        struct gorc__waiter *next = w->next;
        gorc__ready_tail(w->g);
        w = next;
    }
}

#endif
