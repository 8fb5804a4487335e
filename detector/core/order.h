/* SPDX-License-Identifier: MIT
 *
 * The second clock: what must happen before, whatever turns the locks are taken in.
 *
 * Happens-before has edges from each unlock to the next lock. Those are what another schedule turns
 * round, so they say nothing about whether two lock calls can meet. This clock has all the other
 * edges: creation and join, channels, conds, wait groups, barriers, semaphores, atomics ...
 * Deadlock prediction (lockgraph.h) compares by it.
 *
 * A task has a component only once it has taken a lock while it held another, and its epoch moves
 * on only when it does so again after somebody may have heard of it. Programs that nest no locks
 * have empty clocks, and each edge costs them a comparison of two zeros. Unlike the task's first
 * clock, this one holds the task's own component.
 */
#ifndef DT_ORDER_H
#define DT_ORDER_H

#include "core/clock.h"
#include "core/depend.h"
#include "core/task.h"

/* `past` happens before what t does next. Whoever may change t's clocks may call this. */
static inline void dt_order_acquire(struct dt_task *t, const struct dt_clock *past)
{
    dt_depend_heard(t);
    if (past->root != t->order.clock.root && past->root)
        t->order.learned += dt_clock_join(&t->order.clock, past);
}

/* t's past becomes a part of `past`, or replaces it. */
static inline void dt_order_release(struct dt_task *t, struct dt_clock *past)
{
    t->order.published = true;
    if (past->root != t->order.clock.root && t->order.clock.root)
        dt_clock_join(past, &t->order.clock);
}
static inline void dt_order_release_store(struct dt_task *t, struct dt_clock *past)
{
    t->order.published = true;
    if (past->root != t->order.clock.root)
        dt_clock_copy(past, &t->order.clock);
}

/* The event that t records now has a later epoch than any that others may know. */
void dt_order_event(struct dt_task *t);

/* Does `clock` know of the event? */
static inline bool dt_order_knows(const struct dt_clock *clock, uint32_t index, uint32_t epoch)
{
    return clock->root && dt_clock_get(clock, index) >= epoch;
}

/* Whoever remembers an event of this index keeps it from being used again. The task that has it
 * counts as one until it ends. */
void dt_order_keep(uint32_t index);
void dt_order_drop(uint32_t index);
void dt_order_task_gone(struct dt_task *t);
void dt_order_init(void);

#endif
