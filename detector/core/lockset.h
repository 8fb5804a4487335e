/* SPDX-License-Identifier: MIT
 *
 * Which locks a task held when it made an access that is remembered. A lock set is a chain, the
 * lock taken last at its head; equal chains are one. The access's origin names its lock set
 * (DT_NODE_LOCKS_SHIFT) or, when the set's id is too large for that, tells how many locks it has:
 * a task's epoch ends with each release, so within an epoch its lock set only grows, its segment
 * keeps the largest one, and the access had that many of its first locks.
 */
#ifndef DT_LOCKSET_H
#define DT_LOCKSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lock.h"
#include "base/pool.h"
#include "core/stack.h"

/* One lock of a set. */
struct dt_lock_taken {
    const void *lock;
    dt_stackid where;
    bool shared;
};

/* 0: no lock. Freed by the sweep. */
typedef uint32_t dt_lockset;

struct dt_lockset_node {
    dt_lockset parent, next; /* next: hash chain */
    uintptr_t lock;
    dt_stackid where;
    uint32_t bits; /* flags, and the number of locks above them */
};
/* More locks than this are told to be this many where an origin tells only their number. */
enum { DT_LOCKSET_MOST = 1000 };
enum { DT_LOCKSET_SHARED = 1, DT_LOCKSET_MARKED = 2, DT_LOCKSET_USED = 4, DT_LOCKSET_ONE = 8 };
extern DT_HIDDEN struct dt_pool dt_lockset_pool;
extern DT_HIDDEN dt_lockset *dt_lockset_heads; /* of the hash chains */
extern DT_HIDDEN uint32_t dt_lockset_shift;

static inline struct dt_lockset_node *dt_lockset_at(dt_lockset id)
{
    return (struct dt_lockset_node *)dt_lockset_pool.base + id;
}

static inline dt_lockset *dt_lockset_head(dt_lockset parent, const struct dt_lock_taken *l)
{
    uint64_t h = (uintptr_t)l->lock ^ (uint64_t)l->where << 17 ^ (uint64_t)parent << 40;
    return &dt_lockset_heads[h * 0x9e3779b97f4a7c15u >> dt_lockset_shift];
}

static inline bool dt_lockset_is(
    const struct dt_lockset_node *n, dt_lockset parent, const struct dt_lock_taken *l)
{
    return n->lock == (uintptr_t)l->lock && n->where == l->where && n->parent == parent &&
           (n->bits & DT_LOCKSET_SHARED) == l->shared;
}

void dt_lockset_init(void);
dt_lockset dt_lockset_with_slow(dt_lockset set, const struct dt_lock_taken *taken);

/* `set` and one more lock, inside the core. */
static inline dt_lockset dt_lockset_with(dt_lockset set, const struct dt_lock_taken *taken)
{
    dt_lockset id = __atomic_load_n(dt_lockset_head(set, taken), __ATOMIC_ACQUIRE);
    if (__builtin_expect(id && dt_lockset_is(dt_lockset_at(id), set, taken), 1))
        return id;
    return dt_lockset_with_slow(set, taken);
}

/* The set before its last lock was taken. */
static inline dt_lockset dt_lockset_parent(dt_lockset set)
{
    return dt_lockset_at(set)->parent;
}

/* How many locks it has. */
uint32_t dt_lockset_size(dt_lockset set);
/* The `held` locks that were taken first, in that order; at most `max` are written. */
size_t dt_lockset_locks(dt_lockset set, uint32_t held, struct dt_lock_taken *ret_locks, size_t max);

/* Sweep, with everybody else kept out: mark those in use, then drop the others. */
void dt_lockset_mark(dt_lockset set);
void dt_lockset_drop_unmarked(void);

#endif
