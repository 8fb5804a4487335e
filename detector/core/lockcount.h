/* SPDX-License-Identifier: MIT
 *
 * How often memory was accessed under which locks: for the lock discipline that the report of a
 * race tells (docs/report-format.md).
 *
 * Counted is what is recorded, not each access: what the same-epoch test covers it covers without
 * us. As each release begins an epoch, that is every first access of its kind under a lock. An
 * access without a lock is counted when it takes part in a race; those that nothing races with
 * (before threads are started, after they are joined) say nothing of discipline.
 *
 * Each thread has a table of its own of the bytes that it accesses most. A place of the program
 * counts each of its first thousands of accesses, then one in 16, later one in 256, for as many.
 * Places that go over much memory count hardly at all: what is accessed once in a while has no
 * discipline that could be told.
 */
#ifndef DT_LOCKCOUNT_H
#define DT_LOCKCOUNT_H

#include "core/lockset.h"
#include "core/task.h"

void dt_lockcount_add(uintptr_t addr, dt_lockset set, uintptr_t pc);

/* How many accesses are passed over before the next one counts, by place (pc). */
enum { DT_LOCKCOUNT_PLACES = 256 };
extern __thread uint16_t *dt_lockcount_skip __attribute__((tls_model("initial-exec")));
static inline unsigned dt_lockcount_place(uintptr_t pc)
{
    return (pc ^ pc >> 8) & (DT_LOCKCOUNT_PLACES - 1);
}

/* t, the running task, has recorded an access of a few bytes at addr. */
static inline void dt_lockcount_access(const struct dt_task *t, uintptr_t addr, uintptr_t pc)
{
    if (__builtin_expect(t->held_bits == 0, 1))
        return;
    uint16_t *skip = &dt_lockcount_skip[dt_lockcount_place(pc)];
    if (*skip)
        --*skip;
    else
        dt_lockcount_add(addr, t->lockset, pc);
}
/* A race has a side without locks at addr; `cell` is its element. Each access counts once. */
void dt_lockcount_bare(uintptr_t addr, uint64_t cell);

/* The calling thread ends. */
void dt_lockcount_thread_end(void);
/* In a forked child: the other threads are gone. */
void dt_lockcount_forked(void);
/* By the sweep, with the gate closed. */
void dt_lockcount_mark(void);

struct dt_lock_count {
    const void *lock;
    uint64_t held;
};
struct dt_lock_counts {
    uint64_t accesses;
    bool sampled;                /* not each of them was counted */
    struct dt_lock_count *locks; /* dt_free it: `size` of them */
    size_t n, size;
};
/* Nobody counts between the two calls. From outside the core; NULL: it is not possible, since a
 * task does not come out of it. */
struct dt_task *dt_lockcount_stop(void);
void dt_lockcount_go_on(struct dt_task *stopped);
/* Between them: of the accesses that begin in [addr, end). False: nothing is known. */
bool dt_lockcount_get(uintptr_t addr, uintptr_t end, struct dt_lock_counts *ret);
void dt_lockcount_free(struct dt_lock_counts *c);

#endif
