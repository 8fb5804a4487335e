/* SPDX-License-Identifier: MIT
 *
 * Synchronisation objects, found by address through the meta shadow, gone with their memory.
 */
#ifndef DT_SYNC_H
#define DT_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/task.h"

/* All earlier releases of addr happen before what t does next. No object: nothing to do. */
void dt_acquire(struct dt_task *t, const void *addr);
/* Adds t's past to addr's clock. */
void dt_release(struct dt_task *t, const void *addr);
/* addr's clock becomes t's past: t has acquired addr since the last release, or the operation is
 * defined to replace (an atomic release store). */
void dt_release_store(struct dt_task *t, const void *addr);
/* dt_acquire, then dt_release_store. */
void dt_pass(struct dt_task *t, const void *addr);
/* Forgets the objects in [addr, addr+size). */
void dt_sync_forget(const void *addr, size_t size);

/* For atomics: the real operation and the clocks' change must be one step. dt_sync_lock returns the
 * object locked, making it if `create`; NULL when there is none (nothing is locked then). Until
 * dt_sync_unlock the running task is inside the core. */
struct dt_sync {
    uint32_t lock;
    uint32_t next;  /* chain of the granule's meta word */
    uintptr_t addr; /* 0: a free object; changed with lock held */
    /* The past it carries: `clock`, and `latest` and `own` where their epochs are not 0. `single`:
     * all come from one release, so that who knows `own`, the releasing task's, knows all of it. */
    struct dt_clock clock;
    struct dt_moment own, latest;
    struct dt_clock order; /* order.h; of a lock: what was signalled under it */
    bool single;
    bool continued; /* sequences of others go on under the single release (dt_sync_update) */
    /* What the lock words of pthread and gorc objects need besides. */
    uint16_t flags;     /* DT_LOCK_* of locks.h, and what the program has announced */
    uint32_t owner_uid; /* task that holds it exclusively, 0: none */
    uint32_t recursion;
    dt_stackid locked; /* where it was taken last; of a wait group: counted up */
    /* So far one cache line: all that is written each time. */
    dt_stackid created; /* where it was made; of an object that nobody makes: first used */
    /* Where it was given up last; of a wait group: counted down. And who did these, as uids. */
    dt_stackid left;
    uint32_t locked_uid, left_uid, created_uid;
    uint32_t order_id;      /* the lock's in lockgraph.h, 0: none yet */
    struct dt_clock merged; /* the clock that was merged last: covered by clock */
    uint32_t waiting;       /* so many wait whom nobody has woken; not of locks */
    uint8_t what;           /* enum dt_sync_what */
    char name[24];
} __attribute__((aligned(64)));
_Static_assert(offsetof(struct dt_sync, created) == 64, "one line");
_Static_assert(sizeof(struct dt_sync) == 128, "two lines");

/* What may be held or waited for when its memory is freed. */
enum dt_sync_what {
    DT_SYNC_ANY, /* nothing of the kind */
    DT_SYNC_MUTEX,
    DT_SYNC_RWLOCK,
    DT_SYNC_SPIN,
    DT_SYNC_COND,
    DT_SYNC_SEMAPHORE,
    DT_SYNC_BARRIER,
    DT_SYNC_SHARED, /* not lost with this memory: robust, or of several processes */
    DT_SYNC_GORC,   /* and enum gorc__object_kind */
};
/* Called inside the core, with s locked, for each such object in memory that is given back
 * (dt_meta_clear_freed). `readable`: it can be read for sure. Set by runtime/. */
extern void (*dt_on_sync_freed)(const struct dt_sync *s, bool readable);
/* Forgets the objects in [addr, addr+size), which the program gives back. */
void dt_sync_given_back(const void *addr, size_t size, bool readable);
/* With s locked: where t has taken it, and given it up. */
static inline void dt_sync_taken(struct dt_sync *s, const struct dt_task *t, dt_stackid where)
{
    s->locked = where;
    s->locked_uid = t->info->uid;
}
static inline void dt_sync_left(struct dt_sync *s, const struct dt_task *t, dt_stackid where)
{
    s->left = where;
    s->left_uid = t->info->uid;
}
struct dt_sync *dt_sync_lock(const void *addr, bool create);
void dt_sync_unlock(struct dt_sync *s);
/* The address of an object of which fn says yes, NULL: none. Looks at all of them, unlocked: for
 * reports. */
const void *dt_sync_search(bool (*fn)(const struct dt_sync *s, void *arg), void *arg);
/* With s locked by dt_sync_lock. */
void dt_sync_acquire(struct dt_task *t, struct dt_sync *s);
void dt_sync_release(struct dt_task *t, struct dt_sync *s);
void dt_sync_release_store(struct dt_task *t, struct dt_sync *s);

/* The same for the turns of a mutex or rwlock, which another schedule may turn round (order.h). */
void dt_sync_acquire_turn(struct dt_task *t, struct dt_sync *s);
void dt_sync_release_turn(struct dt_task *t, struct dt_sync *s);
void dt_sync_release_store_turn(struct dt_task *t, struct dt_sync *s);
void dt_acquire_turn(struct dt_task *t, const void *addr);
void dt_release_turn(struct dt_task *t, const void *addr);

/* Fences (C11 7.17.4). A relaxed load calls dt_sync_acquire_relaxed: what it read counts from the
 * next acquire fence on. A relaxed store or RMW calls the release_relaxed forms: they publish what
 * came before the last release fence, if any. `store`: the value replaces what the location
 * carried (an RMW adds to it). A task's own past is t->clock *and* its own component, which is not
 * kept in the tree: use these functions, never t->clock by itself. */
void dt_fence_acquire(struct dt_task *t);
void dt_fence_release(struct dt_task *t);
void dt_sync_acquire_relaxed(struct dt_task *t, struct dt_sync *s);
void dt_sync_release_relaxed(struct dt_task *t, struct dt_sync *s, bool store);
/* An RMW that releases; `knows`: it has acquired all that s carries. */
void dt_sync_update(struct dt_task *t, struct dt_sync *s, bool knows);

#endif
