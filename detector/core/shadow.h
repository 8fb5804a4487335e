/* SPDX-License-Identifier: MIT
 *
 * What is remembered of each byte of memory, and the check of an access against it.
 */
#ifndef DT_SHADOW_H
#define DT_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lock.h"
#include "core/task.h"

enum dt_access_flags {
    DT_READ = 0,
    DT_WRITE = 1,
    DT_ATOMIC = 2, /* does not race with other atomic accesses */
};

/* Any size, any alignment. `pc`: the call site of the callback, in the program. Exact per byte. */
void dt_access(struct dt_task *t, uintptr_t addr, size_t size, unsigned flags, uintptr_t pc);
/* The same, when the caller has made the same-epoch test (cell.h) already. */
void dt_access_uncovered(
    struct dt_task *t, uintptr_t addr, size_t size, unsigned flags, uintptr_t pc);
/* Fresh memory: all earlier accesses, sync objects and block records are void. */
void dt_shadow_clear(uintptr_t addr, size_t size);

/* Heap blocks: what reports say of an address, and the race of an access with free(). */
struct dt_block {
    uintptr_t addr;
    size_t size;
    dt_stackid allocated;
    struct dt_task_info *by;
};
void dt_block_alloc(struct dt_task *t, uintptr_t addr, size_t size, uintptr_t pc);
/* free(): recorded as a write of the whole block that later accesses race with. Returns false
 * when addr is not a block. */
bool dt_block_free(struct dt_task *t, uintptr_t addr, uintptr_t pc);
/* The block that holds addr, freed ones included as long as they are known. */
bool dt_block_find(uintptr_t addr, struct dt_block *ret_block);
/* The library's own blocks; inside the core. `t` only says who. `opaque`: nothing in it refers to
 * what the program has. */
void dt_block_alloc_library(const struct dt_task *t, uintptr_t addr, size_t size, bool opaque);
void dt_block_free_library(uintptr_t addr);
/* `held`: neither freed nor opaque. */
typedef bool (*dt_block_fn)(uintptr_t start, size_t size, bool held, void *arg);
/* All blocks that are known, freed and opaque ones too, those of 64 MB together and in the order of
 * addresses. For when nobody changes them; what is just being made may be missing. Stops at false.
 */
bool dt_block_each(dt_block_fn fn, void *arg);

enum { DT_RACE_LOCKS = 8 };
struct dt_race_side {
    struct dt_task_info *task;
    dt_stackid stack; /* innermost frame: the access itself */
    uintptr_t addr;
    uint32_t size; /* bytes of this side's access within the granule */
    bool write, atomic, is_free;
    dt_epoch epoch;
    /* The locks that its task held at the access, in the order taken; more than fit are counted. */
    struct dt_lock_taken locks[DT_RACE_LOCKS];
    uint32_t nlocks, nheld; /* how many are in locks; how many there were */
};
struct dt_race {
    struct dt_race_side now, earlier;
    struct dt_task *current;
    /* Of what the earlier task published since it was made, `current` has heard something; how many
     * epochs before the earlier access that ended. */
    bool heard;
    uint32_t behind;
    bool late;         /* `now` was made a while ago, with the clock that its task still has */
    uintptr_t granule; /* eight bytes; bit i of `bytes`: the accesses meet on byte i of them */
    uint8_t bytes;
};
/* Called when an access races, by the accessing task, with no lock held; set by report/. */
extern void (*dt_on_race)(const struct dt_race *r);
/* true: also pairs of places that were reported a moment ago (tests). */
extern bool dt_race_repeats;

struct dt_shadow_stats {
    uint64_t dropped_in_signal; /* events of handlers that interrupted the runtime */
    uint64_t accesses_seen;     /* 0 or 1: whether any instrumented access happened */
};
extern DT_HIDDEN struct dt_shadow_stats dt_shadow_stats;

#endif
