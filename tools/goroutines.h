/* SPDX-License-Identifier: MIT
 *
 * Every goroutine of a live process, by the tables that libgorc exports (lib/tables.h), read while
 * the process runs. Two passes over all records: a goroutine that both find in the same wait (its
 * count of waits says so) was blocked from the end of the first pass to the beginning of the
 * second, and so all of these were at one and the same time.
 */
#ifndef TOOLS_GOROUTINES_H
#define TOOLS_GOROUTINES_H

#include "lib/tables.h"
#include "live.h"

struct chan_state {
    uint64_t addr, count, capacity, created, closed_goid, last_sender, last_receiver;
    char *name;
    bool closed, timer;
};

struct select_case {
    bool send;
    size_t chan; /* index into goroutines.chans */
};

struct goroutine {
    uint64_t addr; /* of its record */
    uint64_t id, parent, holder, object, fn, stack_lo, stack_hi, sp, m, created;
    int64_t since;
    uint32_t state, kind, parks, reason;
    bool timed, still;
    char *name, *object_name;
    uint32_t object_kind;
    struct select_case *cases; /* of a channel operation too: one case */
    size_t n_cases;
    uint32_t readers; /* of the rwmutex waited for */
    int32_t counter;  /* of the wait group waited for */
    int tid;          /* of the thread that runs it, 0: none */
    struct memory stack;
};

/* As in lib/inspect.h and lib/hooks.h; part of the tables' contract. */
enum { G_DEAD, G_RUNNABLE, G_RUNNING, G_BLOCKED, G_BLOCKING };
enum { KIND_GOROUTINE, KIND_MAIN, KIND_FOREIGN, KIND_G0 };
enum {
    OBJ_NONE,
    OBJ_CHAN,
    OBJ_SELECT,
    OBJ_MUTEX,
    OBJ_RWMUTEX,
    OBJ_WAITGROUP,
    OBJ_ONCE,
    OBJ_COND,
    OBJ_TIMER,
    OBJ_GOROUTINE,
    OBJ_FD,
    OBJ_CONTEXT,
    OBJ_GROUP,
    OBJ_SEM,
};

struct goroutines {
    struct gorc__tables t;
    uint64_t at_table; /* where the process has it; 0: no libgorc, or not started */
    struct goroutine *at;
    size_t n;
    struct chan_state *chans;
    size_t nchans;
    char **reasons;
    uint32_t *kinds;
    int64_t now; /* on the clock of `since` */
};

/* Finds the tables. False: the process has them in a form that this command does not know; *ret_why
 * tells. True with at_table == 0: it has none. */
bool goroutines_find(const struct live *l, struct goroutines *gs, const char **ret_why);
/* The first pass, with the stacks of those that do not run. */
void goroutines_read(const struct live *l, struct goroutines *gs);
/* The second pass: sets `still`; what has moved is read anew, a few times. */
void goroutines_read_again(const struct live *l, struct goroutines *gs);

const struct goroutine *goroutine_by_id(const struct goroutines *gs, uint64_t id);
/* Where a goroutine at rest goes on. */
void goroutine_registers(const struct live *l, const struct goroutines *gs,
    const struct goroutine *g, struct registers *ret);

#endif
