/* SPDX-License-Identifier: MIT
 *
 * Held locks beyond their list: locks that another task gave up, and conds that were signalled.
 *
 * Which task had taken a lock that another one gives up is not looked for: the lock is noted with
 * a number that grows, and an entry of a lock that was noted after it was made is stale.
 */
#include <string.h>

#include "base/dalloc.h"
#include "core/core.h"
#include "core/depend.h"
#include "core/lockgraph.h"
#include "core/order.h"
#include "core/sync.h"

enum { FIRST_SIZE = 64 };

struct handover {
    const void *lock; /* NULL: empty */
    uint32_t number;
};

uint32_t dt_handovers; /* changed under `lock` */
static dt_lock lock;   /* a leaf; guards what follows */
static struct handover *table;
static size_t size, used;

static struct handover *find(struct handover *in, size_t n, const void *key)
{
    size_t i = ((uintptr_t)key * 0x9e3779b97f4a7c15u >> 20) & (n - 1);
    while (in[i].lock && in[i].lock != key)
        i = (i + 1) & (n - 1);
    return &in[i];
}

static void grow(void)
{
    size_t n = size ? 2 * size : FIRST_SIZE;
    struct handover *more = dt_alloc(n * sizeof *more);
    for (size_t i = 0; i < size; i++)
        if (table[i].lock)
            *find(more, n, table[i].lock) = table[i];
    dt_free(table, size * sizeof *table);
    table = more;
    size = n;
}

void dt_lock_handed_over(const void *key)
{
    struct dt_task *me = dt_core_enter();
    dt_lock_take(&lock);
    if (2 * used >= size)
        grow();
    struct handover *h = find(table, size, key);
    used += !h->lock;
    h->lock = key;
    h->number = dt_handovers + 1;
    __atomic_store_n(&dt_handovers, h->number, __ATOMIC_RELEASE);
    dt_lock_drop(&lock);
    dt_depend_barrier();
    dt_core_leave(me);
}

bool dt_lock_was_handed_over(const void *key, uint32_t since)
{
    if (__atomic_load_n(&dt_handovers, __ATOMIC_ACQUIRE) <= since)
        return false;
    dt_lock_take(&lock);
    const struct handover *h = find(table, size, key);
    bool later = h->lock && h->number > since;
    dt_lock_drop(&lock);
    return later;
}

bool dt_lock_may_be_handed_over(const void *key)
{
    if (__atomic_load_n(&dt_handovers, __ATOMIC_ACQUIRE) == 0)
        return false;
    if (!dt_lock_try(&lock))
        return true;
    bool ever = size && find(table, size, key)->lock;
    dt_lock_drop(&lock);
    return ever;
}

void dt_held_refresh(struct dt_task *t)
{
    if (__builtin_expect(__atomic_load_n(&dt_handovers, __ATOMIC_RELAXED) == 0, 1))
        return;
    for (uint32_t i = t->nheld; i-- > 0;) {
        struct dt_held_lock *h = &t->held[i];
        if (!dt_lock_was_handed_over(h->lock, h->handovers))
            continue;
        dt_clock_clear(&h->order);
        t->nheld_native -= h->kind < DT_LOCK_NATIVE_KINDS;
        memmove(h, h + 1, (t->nheld - i - 1) * sizeof *h);
        t->nheld--;
        dt_task_lock_gone(t, i);
    }
}

/* --- signals --- */

static void signalled_under(struct dt_task *t, const void *held)
{
    struct dt_sync *s = dt_sync_lock(held, true);
    dt_order_release(t, &s->order);
    dt_sync_unlock(s);
}

void dt_lockgraph_signalled(struct dt_task *t)
{
    if (!t->order.clock.root)
        return;
    struct dt_task *me = dt_core_enter();
    for (uint32_t i = 0; i < t->nheld; i++)
        signalled_under(t, t->held[i].lock);
    if (t->last_released)
        signalled_under(t, t->last_released);
    dt_core_leave(me);
}

void dt_lockgraph_take_order(struct dt_held_lock *h, const struct dt_clock *order)
{
    if (__builtin_expect(order->root == 0, 1))
        return;
    dt_clock_copy(&h->order, order);
    h->has_order = true;
}
