/* SPDX-License-Identifier: MIT
 *
 * Sync objects. Found and inserted without a lock: new ones go to the head of the granule's chain,
 * only clearing the memory removes. Whoever holds an object's lock and finds its address unchanged
 * has the right one; memory of objects is type-stable.
 *
 * A release by a task that the object's past is known to stores that task's past: a reference to
 * its clock tree and its own epoch. Two releases in a row by the same task that learned nothing in
 * between change one word. An acquire of a single release that is known costs one comparison.
 */
#include <string.h>

#include "core/core.h"
#include "core/granule.h"
#include "core/lockgraph.h"
#include "core/meta.h"
#include "core/order.h"
#include "core/segment.h"
#include "core/sweep.h"
#include "core/synced.h"

enum { MAX_SYNCS = 1u << 26 };

struct dt_pool dt_sync_pool;

void dt_sync_init(void)
{
    dt_pool_init(&dt_sync_pool, "sync objects", sizeof(struct dt_sync), 0, MAX_SYNCS);
}

static struct dt_sync *at(uint32_t id)
{
    return dt_pool_at(&dt_sync_pool, id);
}

/* A free object's link may lead astray, into the free list; it ends, and we do not find. */
__attribute__((always_inline)) static inline struct dt_sync *find(uint32_t chain, uintptr_t addr)
{
    for (uint32_t id = chain; id; id = dt_meta_next(id))
        if (!(id & DT_META_IS_BLOCK) && __atomic_load_n(&at(id)->addr, __ATOMIC_RELAXED) == addr)
            return at(id);
    return NULL;
}

static void clear(struct dt_sync *s)
{
    dt_clock_clear(&s->clock);
    dt_clock_clear(&s->merged);
    s->own = s->latest = (struct dt_moment){0};
    s->single = true;
    s->continued = false;
}

/* The object is no more. */
static void clear_all(struct dt_sync *s)
{
    clear(s);
    dt_clock_clear(&s->order);
    if (s->order_id)
        dt_lockgraph_lock_died(s->order_id);
    s->order_id = 0;
}

void dt_sync_reset(struct dt_sync *s)
{
    clear_all(s);
    size_t from = offsetof(struct dt_sync, flags), to = sizeof *s;
    memset((char *)s + from, 0, to - from);
}

/* Inserted unlocked: somebody may find it at once. */
static struct dt_sync *insert(struct dt_chunk *c, uintptr_t addr)
{
    uint32_t *word = dt_meta_word(c, addr);
    uint32_t id = dt_pool_alloc(&dt_sync_pool);
    struct dt_sync *s = at(id);
    dt_lock_take(&s->lock); /* a reader astray may hold it for a moment */
    memset(
        (char *)s + offsetof(struct dt_sync, addr), 0, sizeof *s - offsetof(struct dt_sync, addr));
    s->single = true;
    __atomic_store_n(&s->addr, addr, __ATOMIC_RELEASE);
    dt_lock_drop(&s->lock);
    dt_page_set(c, addr, DT_PAGE_META);
    uint32_t head = __atomic_load_n(word, __ATOMIC_ACQUIRE);
    for (;;) {
        struct dt_sync *other = find(head, addr);
        if (other) {
            dt_sync_free(id);
            return other;
        }
        __atomic_store_n(&s->next, head, __ATOMIC_RELAXED);
        if (__atomic_compare_exchange_n(word, &head, id, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return s;
    }
}

void dt_sync_free(uint32_t id)
{
    struct dt_sync *s = at(id);
    dt_lock_take(&s->lock);
    __atomic_store_n(&s->addr, 0, __ATOMIC_RELAXED);
    clear_all(s);
    dt_lock_drop(&s->lock);
    dt_pool_free(&dt_sync_pool, id);
}

struct dt_sync *dt_sync_lock(const void *p, bool create)
{
    uintptr_t addr = (uintptr_t)p;
    struct dt_chunk *c = dt_chunk_of(addr);
    if (!create && !(c && __atomic_load_n(dt_meta_word(c, addr), __ATOMIC_ACQUIRE)))
        return NULL;
    struct dt_task *me = dt_core_enter();
    for (;; c = dt_chunk_of(addr)) {
        if (!c && create) {
            dt_chunk_map(addr);
            c = dt_chunk_of(addr);
        }
        struct dt_sync *s =
            c ? find(__atomic_load_n(dt_meta_word(c, addr), __ATOMIC_ACQUIRE), addr) : NULL;
        if (!s && create)
            s = insert(c, addr);
        if (!s) {
            dt_core_leave(me);
            return NULL;
        }
        dt_lock_take(&s->lock);
        if (s->addr == addr)
            return s;
        dt_lock_drop(&s->lock); /* freed meanwhile */
    }
}

void dt_sync_unlock(struct dt_sync *s)
{
    struct dt_task *me = dt_self;
    dt_lock_drop(&s->lock);
    dt_core_leave(me);
    dt_race_deliver(me);
}

const void *dt_sync_search(bool (*fn)(const struct dt_sync *s, void *arg), void *arg)
{
    uint32_t end = __atomic_load_n(&dt_sync_pool.next, __ATOMIC_ACQUIRE);
    for (uint32_t id = 1; id < end; id++) {
        uintptr_t addr = __atomic_load_n(&at(id)->addr, __ATOMIC_ACQUIRE);
        if (addr && fn(at(id), arg))
            return (const void *)addr;
    }
    return NULL;
}

void dt_sync_acquire_turn(struct dt_task *t, struct dt_sync *s)
{
    if (__builtin_expect(t->ignore_sync, 0))
        return;
    if (s->single && dt_task_knows(t, s->own.index, s->own.epoch))
        return;
    dt_synced(t, s->addr, false);
    dt_task_learn(t, &s->clock, s->latest, s->own);
}

void dt_sync_release_store_turn(struct dt_task *t, struct dt_sync *s)
{
    if (__builtin_expect(t->ignore_sync, 0))
        return;
    dt_clock_copy(&s->clock, &t->clock);
    if (s->merged.depth)
        dt_clock_clear(&s->merged);
    s->latest = t->latest;
    s->own = (struct dt_moment){t->index, t->epoch};
    s->single = true;
    s->continued = false;
    dt_synced(t, s->addr, true);
    dt_task_tick(t);
}

/* The object's past becomes one clock with nothing beside it. */
static void merge(struct dt_sync *s)
{
    dt_clock_add(&s->clock, s->latest);
    dt_clock_add(&s->clock, s->own);
    s->latest.epoch = s->own.epoch = 0;
    s->single = false;
}

static bool knows_all(const struct dt_task *t, const struct dt_sync *s)
{
    return s->single && (s->own.epoch == 0 || dt_task_knows(t, s->own.index, s->own.epoch));
}

void dt_sync_release_turn(struct dt_task *t, struct dt_sync *s)
{
    if (__builtin_expect(t->ignore_sync, 0))
        return;
    if (knows_all(t, s)) {
        dt_sync_release_store_turn(t, s);
        return;
    }
    merge(s);
    if (!t->witness_epoch || dt_clock_look(&s->clock, t->witness_index) < t->witness_epoch) {
        dt_clock_join_known(&s->clock, &t->clock, &s->merged, UINT32_MAX);
        dt_clock_add(&s->clock, t->latest);
    }
    if (t->clock.depth > 1)
        dt_clock_copy(&s->merged, &t->clock);
    dt_clock_add(&s->clock, (struct dt_moment){t->index, t->epoch});
    dt_synced(t, s->addr, true);
    dt_task_tick(t);
}

void dt_sync_acquire(struct dt_task *t, struct dt_sync *s)
{
    dt_order_acquire(t, &s->order);
    dt_sync_acquire_turn(t, s);
}

void dt_sync_release(struct dt_task *t, struct dt_sync *s)
{
    dt_order_release(t, &s->order);
    dt_sync_release_turn(t, s);
}

void dt_sync_release_store(struct dt_task *t, struct dt_sync *s)
{
    dt_order_release_store(t, &s->order);
    dt_sync_release_store_turn(t, s);
}

void dt_acquire_turn(struct dt_task *t, const void *addr)
{
    struct dt_sync *s = dt_sync_lock(addr, false);
    if (!s)
        return;
    dt_sync_acquire_turn(t, s);
    dt_sync_unlock(s);
}

void dt_release_turn(struct dt_task *t, const void *addr)
{
    struct dt_sync *s = dt_sync_lock(addr, true);
    dt_sync_release_turn(t, s);
    dt_sync_unlock(s);
}

void dt_acquire(struct dt_task *t, const void *addr)
{
    struct dt_sync *s = dt_sync_lock(addr, false);
    if (!s)
        return;
    dt_sync_acquire(t, s);
    dt_sync_unlock(s);
}

void dt_release(struct dt_task *t, const void *addr)
{
    struct dt_sync *s = dt_sync_lock(addr, true);
    dt_sync_release(t, s);
    dt_sync_unlock(s);
}

void dt_release_store(struct dt_task *t, const void *addr)
{
    struct dt_sync *s = dt_sync_lock(addr, true);
    dt_sync_release_store(t, s);
    dt_sync_unlock(s);
}

void dt_pass(struct dt_task *t, const void *addr)
{
    struct dt_sync *s = dt_sync_lock(addr, true);
    dt_sync_acquire(t, s);
    dt_sync_release_store(t, s);
    dt_sync_unlock(s);
}

/* --- fences --- */

void dt_fence_acquire(struct dt_task *t)
{
    struct dt_task *me = dt_core_enter();
    dt_synced(t, 0, false);
    if (t->acquire_fence.depth) {
        dt_task_learn(t, &t->acquire_fence, (struct dt_moment){0}, (struct dt_moment){0});
        dt_clock_clear(&t->acquire_fence);
    }
    dt_core_leave(me);
    dt_race_deliver(me);
}

void dt_fence_release(struct dt_task *t)
{
    struct dt_task *me = dt_core_enter();
    dt_task_fold(t);
    dt_clock_copy(&t->release_fence, &t->clock);
    dt_clock_set(&t->release_fence, t->index, t->epoch);
    t->has_release_fence = true;
    dt_synced(t, 0, true);
    dt_task_tick(t);
    dt_core_leave(me);
    dt_race_deliver(me);
}

/* For the second clock it does not matter that the load is relaxed: who saw the value came later.
 */
void dt_sync_acquire_relaxed(struct dt_task *t, struct dt_sync *s)
{
    if (__builtin_expect(t->ignore_sync, 0))
        return;
    dt_order_acquire(t, &s->order);
    dt_clock_join(&t->acquire_fence, &s->clock);
    dt_clock_add(&t->acquire_fence, s->latest);
    dt_clock_add(&t->acquire_fence, s->own);
}

/* May a release sequence that t heads go on here? Of a past from several nobody can say who of
 * those that it knows heads a part of it. */
static bool may_lead(const struct dt_task *t, const struct dt_sync *s)
{
    if (s->own.index == t->index && s->own.epoch)
        return true;
    bool has =
        dt_clock_look(&s->clock, t->index) || (s->latest.index == t->index && s->latest.epoch);
    return (!s->single || s->continued) && has;
}

void dt_sync_update(struct dt_task *t, struct dt_sync *s, bool knows)
{
    bool empty = s->single && s->own.epoch == 0;
    bool own = s->single && !s->continued && s->own.index == t->index;
    if (knows)
        dt_sync_release_store(t, s);
    else
        dt_sync_release(t, s);
    s->continued = s->single && !empty && !own;
}

/* A relaxed store ends release sequences, but for those that its own task heads (C11 5.1.2.4). */
void dt_sync_release_relaxed(struct dt_task *t, struct dt_sync *s, bool store)
{
    if (__builtin_expect(t->ignore_sync, 0))
        return;
    if (store && !may_lead(t, s))
        clear(s);
    if (store)
        dt_order_release_store(t, &s->order);
    else
        dt_order_release(t, &s->order);
    if (!t->has_release_fence)
        return;
    if (s->single && s->own.epoch == 0) {
        dt_clock_copy(&s->clock, &t->release_fence);
        s->single = false;
        return;
    }
    merge(s);
    dt_clock_join(&s->clock, &t->release_fence);
}

void dt_sync_each_single(void (*fn)(dt_index i))
{
    for (uint32_t id = 1; id < dt_sync_pool.next; id++)
        if (at(id)->addr && at(id)->single && at(id)->own.epoch)
            fn(at(id)->own.index);
}
