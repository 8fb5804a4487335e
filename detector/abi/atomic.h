/* SPDX-License-Identifier: MIT
 *
 * What the atomic operations of every size share: orders, and the clock's part of an operation.
 *
 * An operation and its change of clocks are one step: dt_sync_lock is held over both. Where there
 * is no object yet and the operation releases nothing, no lock is taken. An object is made before
 * the store that it belongs to, so an operation that finds none after it has read has read a value
 * that no release wrote.
 *
 * Release sequences (C11 5.1.2.4): an RMW leaves the object's clock in place or adds to it; a plain
 * atomic store replaces it.
 */
#ifndef DT_ATOMIC_H
#define DT_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#include "core/cell.h"
#include "core/map.h"
#include "core/shadow.h"
#include "core/sync.h"
#include "core/task.h"
#include "runtime/runtime.h"

/* The order as the ABI passes it; gcc may add bits for hardware lock elision. */
static inline int dt_order(int order)
{
    return order & 7;
}

static inline bool dt_order_acquires(int order)
{
    return order == __ATOMIC_CONSUME || order == __ATOMIC_ACQUIRE || order == __ATOMIC_ACQ_REL ||
           order == __ATOMIC_SEQ_CST;
}

static inline bool dt_order_releases(int order)
{
    return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

/* Does a store or RMW of this order leave something for others to acquire? */
static inline bool dt_atomic_publishes(const struct dt_task *t, int order)
{
    return dt_order_releases(order) || t->has_release_fence || t->order.clock.root;
}

static inline bool dt_atomic_cell_covers(const struct dt_task *t, uint64_t cell, uint64_t key)
{
    return ((cell ^ t->segment) & key) == 0;
}

/* Of an operation that publishes nothing: it has no object at `a`, and its access is covered by the
 * same-epoch test (cell.h). Then there is nothing to do but the operation itself. */
static inline __attribute__((always_inline)) bool dt_atomic_is_bare(
    const struct dt_task *t, const volatile void *a, size_t size, uint64_t kind)
{
    uintptr_t addr = (uintptr_t)a;
    const struct dt_chunk *c = dt_chunk_of(addr);
    if (!c || size > 8 || (addr & (size - 1)) ||
        __atomic_load_n(dt_meta_word(c, addr), __ATOMIC_ACQUIRE))
        return false;
    const uint64_t *cells = dt_shadow_find(addr);
    uint64_t bytes = (uint64_t)((1u << (size & 15)) - 1) << ((addr & 7) + DT_CELL_MASK_SHIFT);
    uint64_t key = DT_CELL_SEG | bytes | kind;
    return cells &&
           (dt_atomic_cell_covers(t, __atomic_load_n(&cells[0], __ATOMIC_RELAXED), key) ||
               dt_atomic_cell_covers(t, __atomic_load_n(&cells[1], __ATOMIC_RELAXED), key));
}

static inline __attribute__((always_inline)) bool dt_atomic_write_is_bare(
    const volatile void *a, size_t size, int order)
{
    const struct dt_task *t = dt_self;
    return !dt_atomic_publishes(t, dt_order(order)) && dt_atomic_is_bare(t, a, size, DT_CELL_W);
}

static inline void dt_atomic_access(
    struct dt_task *t, const volatile void *a, size_t size, unsigned flags, uintptr_t pc)
{
    dt_access(t, (uintptr_t)a, size, flags | DT_ATOMIC, pc);
}

/* Without it there is no object at `a`. */
static inline bool dt_atomic_may_have_object(const volatile void *a)
{
    struct dt_chunk *c = dt_chunk_of((uintptr_t)a);
    return c && __atomic_load_n(dt_meta_word(c, (uintptr_t)a), __ATOMIC_ACQUIRE) != 0;
}

struct dt_sync *dt_atomic_begin_slow(struct dt_task *t, const volatile void *a, bool create);

/* The object of `a`, locked, or NULL. dt_atomic_end goes with one that is not NULL: in between a
 * signal handler's events are dropped. */
static inline struct dt_sync *dt_atomic_begin(
    struct dt_task *t, const volatile void *a, bool create)
{
    if (!create && !dt_atomic_may_have_object(a))
        return NULL;
    return dt_atomic_begin_slow(t, a, create);
}
void dt_atomic_end(struct dt_task *t, struct dt_sync *s);

/* The value that was read belongs to s's clock. */
void dt_atomic_seen(struct dt_task *t, struct dt_sync *s, int order);
/* A store was made. */
void dt_atomic_stored(struct dt_task *t, struct dt_sync *s, int order);
/* What an RMW of an object that has been seen leaves in it. */
void dt_atomic_released(struct dt_task *t, struct dt_sync *s, int order);
void dt_atomic_seen_late_slow(struct dt_task *t, const volatile void *a, int order);
/* The same after an RMW that was bare. */
void dt_atomic_seen_after_bare(const volatile void *a, int order, uintptr_t pc);

/* An RMW that found no object has been made: one that has come meanwhile was perhaps read. */
static inline void dt_atomic_seen_late(struct dt_task *t, const volatile void *a, int order)
{
    if (__builtin_expect(dt_atomic_may_have_object(a), 0))
        dt_atomic_seen_late_slow(t, a, order);
}

/* The value that an RMW found; s may be NULL. */
static inline void dt_atomic_seen_by_rmw(
    struct dt_task *t, struct dt_sync *s, const volatile void *a, int order)
{
    if (s)
        dt_atomic_seen(t, s, order);
    else
        dt_atomic_seen_late(t, a, order);
}

#endif
