/* SPDX-License-Identifier: MIT
 *
 * Deadlocks that did not happen (docs/deadlocks.md): who took which lock while it held which, and
 * whether such calls could have met in another schedule.
 *
 * A lock has an instance number from its first nesting until it is destroyed or its memory is
 * freed. A *nesting* is a class of events: a lock taken, in this mode, here, while these were held.
 * It remembers a few events (who, when by the clock of order.h); an event is worth remembering only
 * if it is not ordered before a later one of the same class.
 *
 * A cycle is a list of nestings, each of which takes a lock that the next one holds, with events of
 * different tasks of which none is ordered before another, and with no lock that two of them hold
 * (a gate) in modes that exclude each other. Where both modes are shared, a lock that prefers
 * writers still closes the cycle if a writer may come in between.
 *
 * Lock order: graph lock, then a nesting's lock. Both are leaves.
 */
#ifndef DT_LOCKGRAPH_H
#define DT_LOCKGRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lock.h"
#include "core/task.h"

enum { DT_MAX_CYCLE = 14 };

struct dt_lock_cycle_part {
    const struct dt_task_info *task;
    uint32_t holds, wants; /* locks; what it wants, the next part holds */
    bool holds_shared, wants_shared;
    dt_stackid held_at, wanted_at;
};

struct dt_lock_cycle {
    size_t n;
    struct dt_lock_cycle_part part[DT_MAX_CYCLE];
    bool certain;
    /* Where readers meet: who writes meanwhile, and which lock. NULL: nobody is needed. */
    const struct dt_task_info *writer;
    uint32_t written;
    dt_stackid writer_at;
};

void dt_lockgraph_init(void);

/* t has just taken t->held[t->nheld - 1]; call it when dt_lockgraph_wants says so. What it returns,
 * or NULL, is for dt_lockgraph_deliver. */
struct dt_found_cycle;
struct dt_found_cycle *dt_lockgraph_acquired(struct dt_task *t);
static inline bool dt_lockgraph_wants(const struct dt_task *t, const struct dt_held_lock *h)
{
    return t->nheld > 1 || t->onces ||
           (dt_lock_prefers_writers((enum dt_lock_kind)h->kind) && !h->shared);
}

/* t calls a once at pc: it waits if the function is running. As dt_lockgraph_acquired. */
struct dt_found_cycle *dt_lockgraph_once(struct dt_task *t, const void *once, uintptr_t pc);
/* t runs the once's function, from begin to end. */
void dt_lockgraph_once_begin(struct dt_task *t, const void *once, uintptr_t pc);
void dt_lockgraph_once_end(struct dt_task *t, const void *once);

/* Outside of the core. Calls dt_on_lock_cycle, which runtime/ sets, for each cycle that was not
 * there before. */
void dt_lockgraph_deliver(struct dt_found_cycle *list);
extern void (*dt_on_lock_cycle)(const struct dt_lock_cycle *c);

/* Address and kind of a lock by its number. */
const void *dt_lockgraph_lock(uint32_t id, enum dt_lock_kind *ret_kind);
void dt_lockgraph_lock_died(uint32_t id);
bool dt_lockgraph_lock_lives(uint32_t id);
/* Events so far, by their numbers. */
uint64_t dt_lockgraph_last_event(void);
/* Gives the lock its number if it has none. */
void dt_lockgraph_number(struct dt_held_lock *h);
void dt_lockgraph_task_gone(struct dt_task *t);
/* Sweep: tasks that events refer to. With every other task kept out. */
void dt_lockgraph_each_task(void (*fn)(struct dt_task_info *info));
/* A lock that was given up by another task than the one that had taken it. Counted, so that
 * whoever looks at held locks can tell that an entry is stale. */
extern DT_HIDDEN uint32_t dt_handovers;
void dt_lock_handed_over(const void *lock);
bool dt_lock_was_handed_over(const void *lock, uint32_t since); /* after so many hand-overs */
/* Has it ever been? Waits for nobody: true, too, when that cannot be seen just now. */
bool dt_lock_may_be_handed_over(const void *lock);
/* Takes out of t->held what others have given up. t is the running task, or does not run. */
void dt_held_refresh(struct dt_task *t);

/* A cond was signalled by t: whoever later takes a lock under which that happens comes after it,
 * waiting or not, since a signal tells that something has become true. */
void dt_lockgraph_signalled(struct dt_task *t);
/* t took lock h, whose object has `order`. */
void dt_lockgraph_take_order(struct dt_held_lock *h, const struct dt_clock *order);

/* What had to be given up. */
struct dt_lockgraph_stats {
    uint64_t nestings_left_out; /* the tables are full: not compared with others */
    uint64_t events_left_out;   /* of a place where many tasks that nothing orders nest them */
    uint64_t events_superseded; /* which later ones stand for, but in cycles of three and more */
    uint64_t searches_cut;
};
extern DT_HIDDEN struct dt_lockgraph_stats dt_lockgraph_stats;

#endif
