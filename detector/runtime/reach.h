/* SPDX-License-Identifier: MIT
 *
 * Which goroutines can still be woken, by what the process's memory refers to: analysis/marking.h
 * over the real goroutines, heap blocks and mappings.
 */
#ifndef DT_REACH_H
#define DT_REACH_H

#include "analysis/marking.h"
#include "analysis/waitgraph.h"
#include "core/task.h"
#include "lib/inspect.h"
#include "runtime/roots.h"
#include "runtime/world.h"

struct dt_reach_g {
    struct gorc__inspect_g g;
    bool outside; /* runs, may run, or waits for a timer or the outside */
    bool is_dead; /* nothing live refers to what it waits for, and all memory was looked at */
    uint64_t blocks, bytes; /* of a dead one: what it alone keeps alive */
};

/* A context that was not cancelled, a timer or ticker that was not stopped. */
struct dt_resource {
    const void *object;
    const char *what; /* "context", "timer", "ticker", "chan" */
    const char *name; /* NULL: none */
    gorc__place created;
    bool is_lost; /* nothing live refers to it, and all memory was looked at */
};

/* In a program that goes on. */
struct dt_reach_watch {
    bool on;
    uintptr_t floor;    /* of the monitor thread's stack: what lies below is over */
    uintptr_t main_top; /* where main()'s part of its stack ends; 0: not known, or main may run */
};

struct dt_reach {
    struct dt_arena arena;
    struct dt_reach_watch watch;
    struct dt_world world;
    struct dt_roots roots;
    struct an_blockmap map;
    struct an_marking marking;
    struct dt_reach_g *all;     /* every goroutine, and foreign threads in a gorc call */
    struct an_mark_task *tasks; /* all[i] is tasks[i]; behind them the other threads' registers */
    uint32_t n, cap, n_extra;
    uint32_t *by_goid; /* open addressing, index + 1 */
    uint32_t slots;
    uint32_t *holders; /* of locks: an_marking.holders */
    uint32_t n_holders;
    struct an_range *queues; /* the locks that those wait for who have holders */
    uint32_t n_queues;
    struct dt_resource *resources;
    uint32_t n_resources, cap_resources, first_resource; /* in objects */
    uintptr_t *objects;
    uint32_t cap_objects;
    uintptr_t here;            /* the caller's stack pointer */
    struct an_waitgraph graph; /* of all[i], if `solved` */
    bool solved;
    bool marked;   /* marking ran */
    bool complete; /* all memory was looked at: is_dead is certain */
    /* watch: some who are dead wait for a lock that something live still refers to. */
    bool by_holders;
};

/* At the entry of a function that the program calls and that does nothing else but pass this on:
 * the caller's registers lie on the stack from there on, and no frame of ours (which would hold the
 * very addresses that are looked for). */
#if defined(__x86_64__)
#define DT_REACH_HERE(var)                                                                         \
    uintptr_t var;                                                                                 \
    __builtin_unwind_init();                                                                       \
    __asm__ volatile("mov %%rsp, %0" : "=r"(var))
#else
#define DT_REACH_HERE(var)                                                                         \
    uintptr_t var;                                                                                 \
    __builtin_unwind_init();                                                                       \
    __asm__ volatile("mov %0, sp" : "=r"(var))
#endif

/* Stops the workers, and the whole process for as long as memory is looked at (`with_memory`; else
 * only the goroutines' states are). Afterwards the workers still stand, so that stacks can be
 * unwound, until gorc__inspect_resume. One at a time. `here`: DT_REACH_HERE of the program's call.
 */
void dt_reach_look(struct dt_reach *r, bool with_memory, uintptr_t here);
void dt_reach_drop(struct dt_reach *r);
/* The same for the library's monitor thread, in the middle of a run. Main may be dead, too, and who
 * waits for a lock is, whoever else refers to that, when its holder is: there is no leak to be told
 * yet. Nothing is to be found: false, and dt_reach_drop is not needed. `floor`: watch.floor. */
bool dt_reach_look_meanwhile(struct dt_reach *r, uintptr_t floor);

/* Around a look. `is_last`: the process ends; the monitor thread, which tries, is refused then. */
void dt_reach_begin(bool is_last);
bool dt_reach_try(void);
void dt_reach_end(void);
void dt_reach_forked(void);

/* The index of a goroutine in all[]; AN_NONE: none, or memory was not looked at. */
uint32_t dt_reach_find(const struct dt_reach *r, uint64_t goid);

/* A goroutine has the lock. */
static inline bool dt_reach_holds(const struct gorc__inspect_g *g, const void *lock)
{
    const struct dt_task *t = g->task ? g->task->detect : NULL;
    return t && dt_task_holds(t, lock);
}

/* holders.c: who has the locks that goroutines wait for. False: memory is out. */
bool dt_reach_holders(struct dt_reach *r);
/* As dt_roots_memory; `arg` is the struct dt_reach. */
const void *dt_reach_memory(void *arg, uintptr_t addr, size_t size, size_t *ret_size);

/* waits.c: who waits for whom. Called by dt_reach_look. */
void dt_reach_waits(struct dt_reach *r);
/* The goroutine that `goid` waits for in a circle with a lock in it, 0: none is known.
 * *ret_no_cycle: it waits for ever, and in no such circle. */
uint64_t dt_reach_next(const struct dt_reach *r, uint64_t goid, bool *ret_no_cycle);

#endif
