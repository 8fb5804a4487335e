/* SPDX-License-Identifier: MIT
 *
 * Stopping the other threads of the process for a look at its memory (docs/leaks.md says why so and
 * not by fork or ptrace).
 *
 * A thread that has published a blocking call (wait.h) is left alone: its registers are known, and
 * its wait's number tells whether it ran meanwhile. Signalling it would end calls that know EINTR.
 * Every other thread gets a signal that no program uses, and waits in the handler, its registers in
 * the frame. Threads that block all signals cannot be stopped; then nothing is certain.
 *
 * While the world is stopped the caller takes no lock of the detector, of libc or of the loader:
 * whoever has it may be stopped. Memory comes from the arena.
 */
#ifndef DT_WORLD_H
#define DT_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/an_memory.h"

/* Memory straight from mmap, all of it given back at once. */
struct dt_arena_part {
    struct dt_arena_part *older;
    size_t size, used;
};
struct dt_arena {
    struct dt_arena_part *parts;
    struct an_memory memory; /* for an_alloc */
};
void dt_arena_init(struct dt_arena *a);
void *dt_arena_alloc(struct dt_arena *a, size_t size); /* zeroed; NULL: memory is out */
void dt_arena_drop(struct dt_arena *a);

enum { DT_MAX_REGS = 72 };

struct dt_thread;

struct dt_stopped {
    int tid;
    struct dt_thread *thread; /* NULL: unknown to the detector */
    bool in_call;             /* left in its blocking call */
    bool has_regs;
    uint32_t seq;            /* in_call: the number of its wait */
    uint32_t state;          /* atomic: 1 when it has stopped */
    uintptr_t sp, stack_end; /* stack_end: of the mapping that sp is in; roots.c */
    bool is_idle;            /* a worker that has nothing of the program's; roots.c */
    uint32_t n_regs;
    uintptr_t regs[DT_MAX_REGS];
};

struct dt_world {
    struct dt_arena *arena;
    struct dt_stopped *threads; /* the caller's own is not among them */
    uint32_t n, cap;
    bool complete; /* every thread's registers are known */
};

/* One caller at a time; others wait. */
void dt_world_stop(struct dt_world *w, struct dt_arena *arena);
/* Have those that were left in their calls stayed there? */
bool dt_world_stood_still(const struct dt_world *w);
void dt_world_resume(struct dt_world *w);
/* In a forked child: the parent's monitor thread may just have been about to stop it. */
void dt_world_forked(void);

#endif
