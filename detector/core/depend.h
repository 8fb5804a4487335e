/* SPDX-License-Identifier: MIT
 *
 * Which proof there is that two nestings can meet: what a task's way to its lock call needs.
 *
 * A predicted deadlock of two is certain when a prefix of the run leads to it: the first task's
 * events before its lock call, the second one's, and whatever these need, in the order of the run,
 * with neither lock call among them (sync-preserving deadlock prediction: Tunc, Mathur,
 * Pavlogiannis, Viswanathan, "Sound dynamic deadlock prediction in linear time", PLDI 2023). An
 * event needs
 *
 *  - what its task did before;
 *  - of what it has heard through anything but locks: who was heard;
 *  - of a value that it read: who wrote it;
 *  - of a lock that it took: that earlier holders, as far as they are needed, have given it up.
 *
 * What is computed here is never less than that. `needs` is a clock: whatever happened before
 * (locks included) the last moment at which the task heard of others or read what others wrote. It
 * is taken from the task's clock before the next lock adds to that. A lock remembers what its
 * holders came to need while they held it, and the nestings that they made under it; who takes it
 * later needs that.
 *
 * What cannot be followed event by event is one step for all: a *barrier*. Who comes after it needs
 * everything before it.
 */
#ifndef DT_DEPEND_H
#define DT_DEPEND_H

#include "core/task.h"

struct dt_nested;
struct dt_sync;

/* Somebody has recorded a nesting: before, there is nothing to need. Atomic. */
extern DT_HIDDEN bool dt_depend_on;
/* The last event before the last barrier. Atomic; tests set it back. */
extern DT_HIDDEN uint64_t dt_depend_at;

/* t has heard of others, or read what another task wrote: its needs are no more complete. */
static inline void dt_depend_heard(struct dt_task *t)
{
    t->order.settled = false;
    t->order.heard++;
}

void dt_depend_read_held(struct dt_task *t, dt_index index, dt_epoch epoch);
/* t reads, or writes over, what was written in (index, epoch), of which it knows. */
static inline void dt_depend_read(struct dt_task *t, dt_index index, dt_epoch epoch)
{
    if (t->order.settled && index != t->index && dt_clock_get(&t->order.needs, index) < epoch)
        t->order.settled = false;
    if (__builtin_expect(t->nheld != 0, 0))
        dt_depend_read_held(t, index, epoch);
}

/* Before t's clock learns of a lock's earlier holders. */
void dt_depend_settle_slow(struct dt_task *t);
static inline void dt_depend_settle(struct dt_task *t)
{
    if (__builtin_expect(__atomic_load_n(&dt_depend_on, __ATOMIC_RELAXED), 0))
        dt_depend_settle_slow(t);
}

/* t takes the lock: who had it before. Before t's clock learns of that; with s locked. Also begins
 * an epoch, so that what t did before is told from what it does with the lock. */
struct dt_before dt_depend_before(struct dt_task *t, const struct dt_sync *s);
/* t has taken the last of its held locks, and its nesting, if it is one, has been recorded. */
void dt_depend_locked_slow(struct dt_task *t, uint32_t lock);
static inline void dt_depend_locked(struct dt_task *t)
{
    uint32_t lock = t->nheld ? t->held[t->nheld - 1].id : 0;
    if (__builtin_expect(lock != 0, 0))
        dt_depend_locked_slow(t, lock);
}
/* t gives h up. */
void dt_depend_unlocked_slow(struct dt_task *t, struct dt_held_lock *h);
static inline void dt_depend_unlocked(struct dt_task *t, struct dt_held_lock *h)
{
    if (__builtin_expect(__atomic_load_n(&dt_depend_on, __ATOMIC_RELAXED), 0))
        dt_depend_unlocked_slow(t, h);
}

/* For the event that t records of its lock `wanted`. */
void dt_depend_record(struct dt_task *t, const struct dt_held_lock *wanted, struct dt_nested *e);
/* Does a's lock call come after b, whatever else is needed for it? */
bool dt_depend_needs(const struct dt_nested *a, const struct dt_nested *b);
/* t saw what no clock tells: a lock that was taken already (trylock), accesses that are not
 * recorded. */
void dt_depend_barrier(void);
/* A data race: nothing is proven any more, since repeated accesses are not looked at. */
void dt_depend_race(void);
void dt_depend_task_gone(struct dt_task *t);

#endif
