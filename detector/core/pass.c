/* SPDX-License-Identifier: MIT
 *
 * The usual pass through a slot of a channel, in one go: the past that the slot carries is one
 * release of a task of which t has heard last anyway, and both have the same tree of clocks. Then
 * what there is to learn is one later epoch of that task, and nobody's tree changes. Everything
 * else is left to sync.c.
 *
 * No lock is taken, since nobody else passes here. What changes of t's clock is one word, which
 * only grows: who looks for the common past finds it earlier or later.
 */
#include "core/core.h"
#include "core/granule.h"
#include "core/meta.h"
#include "core/order.h"
#include "core/pass.h"
#include "core/segment.h"
#include "core/sweep.h"
#include "core/synced.h"

enum { LAST_GOOD = 0xf0000000u };

/* The object if it is alone in its granule, as slots of channels are. */
static inline struct dt_sync *alone(uintptr_t addr)
{
    const struct dt_chunk *c = dt_chunk_of(addr);
    uint32_t id =
        c ? __atomic_load_n(dt_meta_word((struct dt_chunk *)c, addr), __ATOMIC_ACQUIRE) : 0;
    if (!id || (id & DT_META_IS_BLOCK))
        return NULL;
    struct dt_sync *s = (struct dt_sync *)dt_sync_pool.base + id;
    return __atomic_load_n(&s->addr, __ATOMIC_RELAXED) == addr ? s : NULL;
}

static inline bool has_same_tree(const struct dt_task *t, const struct dt_sync *s)
{
    return s->clock.root == t->clock.root && s->clock.depth == t->clock.depth &&
           s->order.root == t->order.clock.root && s->merged.depth == 0;
}

static inline bool says_nothing_else(const struct dt_task *t, const struct dt_sync *s)
{
    return s->latest.epoch == 0 || s->latest.index == t->index ||
           (s->latest.index == t->latest.index && s->latest.epoch <= t->latest.epoch);
}

/* Of the past in s, t need learn no more than the epoch in s->own, if that. */
static inline bool is_usual(const struct dt_task *t, const struct dt_sync *s)
{
    if (!s->single || s->own.epoch == 0 || t->ignore_sync || t->epoch >= LAST_GOOD ||
        !has_same_tree(t, s))
        return false;
    return s->own.index == t->index ||
           (s->own.index == t->latest.index && t->latest.epoch && says_nothing_else(t, s));
}

static inline void learn(struct dt_task *t, const struct dt_sync *s)
{
    dt_depend_heard(t);
    if (s->own.index == t->index || s->own.epoch <= t->latest.epoch)
        return;
    dt_synced(t, s->addr, false);
    __atomic_store_n(&t->latest.epoch, s->own.epoch, __ATOMIC_RELAXED);
    t->epoch += t->published;
    t->published = false;
}

static inline void release(struct dt_task *t, struct dt_sync *s)
{
    t->order.published = true;
    s->latest = t->latest;
    s->own = (struct dt_moment){t->index, t->epoch};
    s->continued = false;
    dt_synced(t, s->addr, true);
    t->witness_index = t->index; /* as dt_task_tick */
    t->witness_epoch = t->epoch;
    t->published = true;
    dt_segment_close(t);
}

void dt_pass_alone(struct dt_task *t, const void *key)
{
    struct dt_sync *s = alone((uintptr_t)key);
    if (__builtin_expect(!s || !is_usual(t, s), 0)) {
        dt_pass(t, key);
        return;
    }
    struct dt_task *me = dt_core_enter();
    dt_reads_flush(t, t);
    learn(t, s);
    release(t, s);
    dt_core_leave(me);
    dt_race_deliver(me);
}
