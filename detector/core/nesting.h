/* SPDX-License-Identifier: MIT
 *
 * The data of lockgraph.h, for its own files: locks, nestings, events.
 */
#ifndef DT_NESTING_H
#define DT_NESTING_H

#include "base/lock.h"
#include "base/pool.h"
#include "core/clock.h"
#include "core/lockgraph.h"

struct dt_nesting;

/* A nesting in the list of those that hold a lock, or want it. */
struct dt_nesting_link {
    struct dt_nesting *nesting;
    struct dt_nesting_link *next, **prev;
    uint32_t index; /* of the lock among those held */
};

struct dt_lock_node {
    uintptr_t addr; /* the pool's link is in its upper half when free */
    uint32_t refs;  /* nestings that name it, and 1 while the lock exists; under the graph lock */
    uint8_t kind;
    bool dead; /* atomic */
    /* Under the graph lock. */
    struct dt_nesting_link *holders, *wanters;
    /* lockrank.c */
    uint32_t group;      /* union-find; itself: a root */
    uint32_t group_next; /* ring of the group's members */
    uint32_t rank;       /* of a root: less than those of the locks taken while it is held */
    uint32_t mark;
    bool in_group; /* the group has a cycle */
    /* depend.c: what its holders left for those who take it later. */
    dt_lock lock;
    struct dt_clock needs;
};

/* An event that is remembered. */
struct dt_nested {
    struct dt_task_info *task;
    uint32_t index, epoch; /* order.h */
    uint32_t learned;      /* how often the task had learnt something */
    uint64_t number;       /* of all events: which came first */
    struct dt_clock clock; /* what it knew then */
    /* depend.h */
    struct dt_clock needs;
    dt_index own_index; /* its task's, then */
    dt_epoch own_epoch;
    uint64_t barrier;       /* number of the last event before the last barrier */
    bool unproven;          /* `needs` may lack something */
    struct dt_nested_lock { /* one for each lock held, then the wanted one */
        dt_stackid where;
        struct dt_clock order; /* signalled under it, hence known after it is given up */
    } locks[];
};

enum { DT_NESTED_KEPT = 8 };

struct dt_nesting {
    uint64_t hash;
    struct dt_nesting *next; /* of the hash chain */
    dt_lock lock;            /* guards the events */
    uint32_t nevents;
    struct dt_nested *events[DT_NESTED_KEPT]; /* oldest first */
    bool wants_shared, wants_held;            /* wants_held: a reader takes it once more */
    uint32_t wants;
    struct dt_nesting_link want_link;
    uint32_t n; /* locks held, none twice, in the order in which they were taken */
    struct dt_nesting_hold {
        uint32_t lock;
        bool shared;
        struct dt_nesting_link link;
    } holds[];
};

extern DT_HIDDEN struct dt_pool dt_lock_pool;
static inline struct dt_lock_node *dt_lock_node(uint32_t id)
{
    return dt_pool_at(&dt_lock_pool, id);
}

/* lockrank.c, under the graph lock. Tells it that `to` is taken while `from` is held. */
void dt_lockrank_edge(uint32_t from, uint32_t to);
/* Can the two be on one cycle? */
bool dt_lockrank_same(uint32_t a, uint32_t b);

/* lockcycle.c, under the graph lock. Looks for cycles through the events of n whose numbers are at
 * least `since`; those that were not found before are put into the list, which the caller frees. */
struct dt_found_cycle {
    struct dt_found_cycle *next;
    struct dt_lock_cycle cycle;
};
void dt_lockcycle_search(struct dt_nesting *n, uint64_t since, struct dt_found_cycle **list);
void dt_lockcycle_forget_known(void);
bool dt_nesting_may_cycle(const struct dt_nesting *n);

#endif
