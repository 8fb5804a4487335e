/* SPDX-License-Identifier: MIT
 *
 * What compilers call at every memory access and at every function's entry and exit.
 *
 * The hot path is the same-epoch test of cell.h and nothing else: no frame, no call, and anything
 * that is not covered leaves by a tail call. A signal handler may interrupt it anywhere; all it
 * reads is the task's own, or cells whose change by somebody else makes no difference.
 *
 * Addresses of any alignment are right in every function: an access that leaves its granule has a
 * key that nothing satisfies, and the slow path splits it.
 */
#include <stddef.h>
#include <stdint.h>

#include "abi/exported.h"
#include "core/cell.h"
#include "core/cover.h"
#include "core/fast.h"
#include "core/lockcount.h"
#include "core/map.h"
#include "core/reads_bounded.h"
#include "core/shadow.h"
#include "core/task.h"
#include "runtime/runtime.h"

static inline __attribute__((always_inline)) bool cell_covers(
    const struct dt_task *t, const uint64_t *cell, uint64_t key)
{
    return ((__atomic_load_n(cell, __ATOMIC_RELAXED) ^ t->segment) & key) == 0;
}

/* False: the slow path must look. */
static inline __attribute__((always_inline)) bool is_covered(
    uintptr_t addr, enum dt_key_kind kind, unsigned granules)
{
    bool is_whole = (kind & 3) == 3;
    const struct dt_task *t = dt_self;
    uint64_t delta = dt_shadow_delta[dt_chunk_index(addr)];
    uint64_t key = is_whole ? t->key8[kind >> 2] : t->keys[kind * 8 + (addr & 7)];
    if (__builtin_expect(delta == 0, 0))
        return false;
    if (is_whole && __builtin_expect(addr & 7, 0))
        return false;
    uintptr_t shadow = 2 * addr + delta;
    const uint64_t *cells = (const uint64_t *)(is_whole ? shadow : shadow & ~(uintptr_t)15);
    for (unsigned g = 0; g < granules; g++, cells += 2)
        if (!cell_covers(t, &cells[0], key) && !cell_covers(t, &cells[1], key))
            return false;
    return true;
}

/* Entered by a jump from the functions below: the return address is theirs. */
static __attribute__((noinline)) void slow(uintptr_t addr, unsigned size, unsigned flags)
{
    struct dt_task *t = dt_self;
    uint64_t kind = flags & DT_WRITE ? DT_CELL_P | DT_CELL_W : DT_CELL_P;
    if (dt_access_fast(t, addr, size, kind, CALLER)) {
        dt_lockcount_access(t, addr, CALLER);
        return;
    }
    dt_shadow_stats.accesses_seen = 1;
    if (__builtin_expect(t == &dt_task_unknown, 0))
        t = dt_task_meet ? dt_task_meet() : NULL;
    if (!t)
        return;
    if (__builtin_expect(t->in_runtime, 0)) {
        __atomic_fetch_add(&dt_shadow_stats.dropped_in_signal, 1, __ATOMIC_RELAXED);
        return;
    }
    dt_access_uncovered(t, addr, size, flags, CALLER);
}

static __attribute__((noinline)) void slow_read(uintptr_t addr, unsigned size)
{
    struct dt_task *t = dt_self;
    if (dt_cover_fine(t->reads, addr, size) ||
        ((addr & 7) + size > 8 && dt_cover_across(t, addr, size, DT_CELL_P)) ||
        (__builtin_expect(dt_reads_bounded, 0) && dt_reads_forget(t, addr, size)))
        return;
    slow(addr, size, DT_READ);
}

/* Up to eight bytes. */
static __attribute__((noinline)) void slow_write(uintptr_t addr, unsigned size)
{
    if ((addr & 7) + size <= 8 || !dt_cover_across(dt_self, addr, size, DT_CELL_P | DT_CELL_W))
        slow(addr, size, DT_WRITE);
}

/* The forms that differ in name only: nothing of ours depends on alignment, volatile is no
 * synchronisation, and a write races with whatever a read at the same place would race with. */
#define ALIAS(name, of) EXPORT void name(void *p) __attribute__((alias(#of)));

#define WITH_PC(name, size, flags)                                                                 \
    EXPORT void name##_pc(void *p, void *pc);                                                      \
    void name##_pc(void *p, void *pc)                                                              \
    {                                                                                              \
        struct dt_task *t = dt_enter_quietly();                                                    \
        if (t)                                                                                     \
            dt_access(t, (uintptr_t)p, size, flags, (uintptr_t)pc);                                \
    }

#define ACCESS(name, kind, granules, size, uncovered, flags)                                       \
    EXPORT void name(void *p);                                                                     \
    void name(void *p)                                                                             \
    {                                                                                              \
        if (!is_covered((uintptr_t)p, kind, granules))                                             \
            uncovered;                                                                             \
    }                                                                                              \
    WITH_PC(name, size, flags)

#define WHOLE(name, kind, flags) ACCESS(name, kind, 2, 16, slow((uintptr_t)p, 16, flags), flags)
#define WRITE(name, kind, size)                                                                    \
    ACCESS(name, kind, 1, size, slow_write((uintptr_t)p, size), DT_WRITE)

/* Within a granule, unless unaligned. */
#define READ(name, kind, size)                                                                     \
    EXPORT void name(void *p);                                                                     \
    void name(void *p)                                                                             \
    {                                                                                              \
        if (!is_covered((uintptr_t)p, kind, 1) &&                                                  \
            !dt_reads_cover(dt_self->reads, (uintptr_t)p, size))                                   \
            slow_read((uintptr_t)p, size);                                                         \
    }                                                                                              \
    WITH_PC(name, size, DT_READ)

READ(__tsan_read1, DT_KEY_R1, 1)
READ(__tsan_read2, DT_KEY_R2, 2)
READ(__tsan_read4, DT_KEY_R4, 4)
READ(__tsan_read8, DT_KEY_R8, 8)
WHOLE(__tsan_read16, DT_KEY_R8, DT_READ)
WRITE(__tsan_write1, DT_KEY_W1, 1)
WRITE(__tsan_write2, DT_KEY_W2, 2)
WRITE(__tsan_write4, DT_KEY_W4, 4)
WRITE(__tsan_write8, DT_KEY_W8, 8)
WHOLE(__tsan_write16, DT_KEY_W8, DT_WRITE)

#define ALIASES(prefix, of)                                                                        \
    ALIAS(prefix##1, of##1)                                                                        \
    ALIAS(prefix##2, of##2)                                                                        \
    ALIAS(prefix##4, of##4)                                                                        \
    ALIAS(prefix##8, of##8)                                                                        \
    ALIAS(prefix##16, of##16)

ALIASES(__tsan_volatile_read, __tsan_read)
ALIASES(__tsan_volatile_write, __tsan_write)
ALIASES(__tsan_read_write, __tsan_write)
ALIASES(__tsan_unaligned_read, __tsan_read)
ALIASES(__tsan_unaligned_write, __tsan_write)
ALIASES(__tsan_unaligned_volatile_read, __tsan_read)
ALIASES(__tsan_unaligned_volatile_write, __tsan_write)
ALIASES(__tsan_unaligned_read_write, __tsan_write)
