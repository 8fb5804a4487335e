/* SPDX-License-Identifier: MIT
 *
 * Components of the second clock. One is used again when nobody remembers an event of it; its
 * epochs go on, so that what was known of the old task says nothing of the new one's events.
 */
#include "base/pool.h"
#include "core/order.h"

enum { MAX_INDICES = 1 << 24, MAX_EPOCH = 0xfffffff0u };

struct component {
    uint32_t refs; /* atomic: the task, and remembered events */
    uint32_t link; /* the pool's */
    uint32_t epoch;
};

static struct dt_pool components;

void dt_order_init(void)
{
    dt_pool_init(&components, "lock order clocks", sizeof(struct component), 0, MAX_INDICES);
}

static struct component *at(uint32_t index)
{
    return dt_pool_at(&components, index);
}

void dt_order_keep(uint32_t index)
{
    __atomic_fetch_add(&at(index)->refs, 1, __ATOMIC_RELAXED);
}

void dt_order_drop(uint32_t index)
{
    struct component *c = at(index);
    if (__atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) == 0 && c->epoch < MAX_EPOCH)
        dt_pool_free(&components, index);
}

void dt_order_event(struct dt_task *t)
{
    struct dt_order *o = &t->order;
    if (o->index && !o->published)
        return;
    if (!o->index || o->epoch >= MAX_EPOCH) {
        if (o->index)
            dt_order_drop(o->index);
        o->index = dt_pool_alloc(&components);
        at(o->index)->refs = 1;
        o->epoch = at(o->index)->epoch;
    }
    at(o->index)->epoch = ++o->epoch;
    dt_clock_set(&o->clock, o->index, o->epoch);
    o->published = false;
}

void dt_order_task_gone(struct dt_task *t)
{
    if (t->order.index)
        dt_order_drop(t->order.index);
    t->order.index = 0;
    dt_clock_clear(&t->order.clock);
}
