/* SPDX-License-Identifier: MIT
 *
 * The usual cases of accesses that the same-epoch test does not cover, decided in one go: the
 * general rules (granule.c) for cells that are kept or dropped as a whole, and reads of read-shared
 * granules. Everything else is left to the general rules; nothing has happened then.
 */
#include "core/core.h"
#include "core/cover.h"
#include "core/fast.h"
#include "core/granule.h"
#include "core/node.h"
#include "core/overflow.h"
#include "core/reads_bounded.h"
#include "core/reads_log.h"
#include "core/segment.h"
#include "core/sweep.h"

enum { LEAVE = 1 }; /* no cell: it has no bytes */

/* One in eight, at no regular distance: programs have periods of their own. */
static inline bool is_counted(struct dt_task *t)
{
    t->taken_over += 0x9e3779b9u;
    return t->taken_over >> 29 == 0;
}

/* x, which takes the place of another task's e, makes the granule read-shared (is_read_mostly). */
static inline bool becomes_shared(uintptr_t addr, uint64_t e, uint64_t x)
{
    if (!dt_cell_is_plain_read(e) || !dt_cell_is_plain_read(x))
        return false;
    uint8_t score = __atomic_load_n(read_mostly_of(addr), __ATOMIC_RELAXED);
    return score >= READ_MOSTLY && score != READ_MOSTLY_NEVER;
}

/* What remains of e when an access of the bytes `all` is recorded (0: nothing), LEAVE if that is
 * not plain to see. x loses what own elements cover, and takes over those that are just like it. */
static inline __attribute__((always_inline)) uint64_t settle(
    struct dt_task *t, uintptr_t addr, uint64_t e, uint64_t all, uint64_t *x)
{
    uint64_t meet = e & all;
    if (dt_cell_seg(e) == t->seg) {
        if (((e ^ *x) & (DT_CELL_W | DT_CELL_P | DT_CELL_ORIGIN)) == 0) {
            *x |= e & DT_CELL_MASK;
            return 0;
        }
        if (!meet)
            return e;
        if (dt_cell_as_strong(e, *x)) {
            *x &= ~meet;
            return e;
        }
        return dt_cell_as_strong(*x, e) && meet == (e & DT_CELL_MASK) ? 0 : LEAVE;
    }
    if (!meet)
        return e; /* also of an empty cell */
    /* Of an earlier epoch: ordered. */
    bool own = dt_cell_seg(e) >> DT_RUN_BITS == t->run;
    if (!own && !dt_segment_ordered(t, dt_cell_seg(e)))
        return dt_cell_conflicts(e, *x) ? LEAVE : e;
    if (!dt_cell_as_strong(*x, e))
        return e;
    if (!own && (is_counted(t) || becomes_shared(addr, e, *x)) && dt_task_live() > DT_FEW_TASKS)
        return LEAVE; /* the general rules count how often this happens (is_read_mostly) */
    return e & DT_CELL_MASK & ~meet ? e & ~meet : 0;
}

static inline __attribute__((always_inline)) bool access_cells(
    struct dt_task *t, uintptr_t addr, uint64_t *cells, uint64_t s0, uint64_t s1, uint64_t x)
{
    if ((s0 | s1) == 0) {
        if (!dt_cas16(cells, 0, 0, x, 0))
            return false;
        /* What was touched is so still, or our cell is cleared with the others (dt_page_touch). */
        dt_page_touch(addr);
        return true;
    }
    uint64_t all = x & DT_CELL_MASK;
    uint64_t k0 = settle(t, addr, s0, all, &x), k1 = settle(t, addr, s1, all, &x), kept = k0 | k1;
    if (k0 == LEAVE || k1 == LEAVE || (k0 && k1) || !(x & all))
        return false;
    bool second = kept && dt_cell_goes_second(x, kept);
    return dt_cas16(cells, s0, s1, second ? kept : x, second ? x : kept);
}

/* --- read-shared granules --- */

/* Nobody's write in the granule needs a look: none, or one that is known to be ordered. */
static inline bool is_quiet(struct dt_task *t, uint64_t s0, uint64_t s1)
{
    if ((s1 & (DT_OVER_LOCK | DT_OVER_READ_SHARED | DT_OVER_MIXED)) != DT_OVER_READ_SHARED)
        return false;
    return !(s0 & DT_CELL_W) || dt_segment_ordered(t, dt_cell_seg(s0));
}

/* The index of a read at pc in the current epoch; 0: there are no more. */
static inline uint32_t index_of(struct dt_task *t, uintptr_t pc)
{
    const struct dt_origin_cache *c = dt_origin_slot(t, pc);
    bool same = c->pc == pc && c->context == t->top->node && (c->context || t->top == t->base);
    return same && c->read >= t->reads->first ? c->read : dt_reads_index(t, pc);
}

/* Bytes of one granule; `f`: its fields. */
static inline bool covered_by_fine(uint32_t from, const uint16_t *f, unsigned offset, unsigned size)
{
    unsigned want = ((1u << 2 * size) - 1) << 2 * offset;
    return (want & ~dt_fine_bits(from, _mm_load_si128((const __m128i *)f))) == 0;
}

static void store_fine(uint16_t *f, unsigned size, uint16_t index)
{
    for (unsigned i = 0; i < size; i++)
        __atomic_store_n(&f[i], index, __ATOMIC_RELEASE);
}

static void store_coarse(uint16_t *f, unsigned size, uint16_t index)
{
    __atomic_store_n(&f[0], index, __ATOMIC_RELEASE);
    if (size == 8)
        __atomic_store_n(&f[1], index, __ATOMIC_RELEASE);
}

static inline bool read_shared(struct dt_task *t, uintptr_t addr, unsigned size, uintptr_t pc)
{
    struct dt_reader *r = t->reads;
    uint64_t e = dt_reads_entry(r, addr), id = e & (DT_LOG_IS_FINE - 1);
    uintptr_t at = addr % DT_LOG_BYTES;
    if (dt_log_is_none(e) ||
        (!(e & DT_LOG_IS_FINE) && ((size != 4 && size != 8) || (addr & (size - 1)))))
        return false;
    const uint16_t *fine = dt_fine_log(id) + (at & ~(uintptr_t)7);
    if ((e & DT_LOG_IS_FINE) && covered_by_fine(r->first, fine, at & 7, size))
        return true;
    if (__builtin_expect(dt_reads_bounded, 0) && (e & DT_LOG_IS_FINE) &&
        covered_by_fine(r->again, fine, at & 7, size)) {
        dt_reads_forgot(r);
        return true;
    }
    if (r->n_ring == DT_READ_RING)
        return false;
    uint16_t index = (uint16_t)index_of(t, pc);
    if (!index)
        return false;
    r->ring[r->n_ring++] = addr & ~(uintptr_t)7;
    if (e & DT_LOG_IS_FINE)
        store_fine(dt_fine_log(id) + at, size, index);
    else
        store_coarse(dt_coarse_log(id) + (at >> 2), size, index);
    return true;
}

/* --- */

static inline __attribute__((always_inline)) bool access_one(
    struct dt_task *t, uintptr_t addr, unsigned size, uint64_t kind, uintptr_t pc)
{
    uint64_t delta = dt_shadow_delta[dt_chunk_index(addr)];
    if (__builtin_expect(!delta, 0))
        return false;
    uint64_t *cells = (uint64_t *)((2 * addr + delta) & ~(uintptr_t)15);
    uint64_t s0 = __atomic_load_n(&cells[0], __ATOMIC_ACQUIRE);
    uint64_t s1 = __atomic_load_n(&cells[1], __ATOMIC_ACQUIRE);
    uint64_t mask = (uint64_t)((1u << size) - 1) << ((addr & 7) + DT_CELL_MASK_SHIFT);
    uint64_t key = DT_CELL_SEG | mask | kind;
    if (((s0 ^ t->segment) & key) == 0 || ((s1 ^ t->segment) & key) == 0)
        return true;
    if (dt_cell_is_special(s1))
        return kind == DT_CELL_P && is_quiet(t, s0, s1) && read_shared(t, addr, size, pc);
    uint64_t x = (uint64_t)t->seg << DT_CELL_SEG_SHIFT | mask | kind | dt_node_origin(t, pc);
    return access_cells(t, addr, cells, s0, s1, x);
}

bool dt_cells_fast(struct dt_task *t, uintptr_t granule, uint64_t *cells, uint64_t x)
{
    uint64_t s0 = __atomic_load_n(&cells[0], __ATOMIC_ACQUIRE);
    uint64_t s1 = __atomic_load_n(&cells[1], __ATOMIC_ACQUIRE);
    uint64_t key = DT_CELL_SEG | (x & DT_CELL_LOW & ~DT_CELL_ORIGIN);
    if (((s0 ^ t->segment) & key) == 0 || ((s1 ^ t->segment) & key) == 0)
        return true;
    return !dt_cell_is_special(s1) && access_cells(t, granule, cells, s0, s1, x);
}

/* An access that crosses the border of a granule is two. If one of them is left undone, the other
 * is made again with it, and covered. */
static __attribute__((noinline)) bool access_both(
    struct dt_task *t, uintptr_t addr, unsigned size, uint64_t kind, uintptr_t pc)
{
    unsigned here = 8 - (unsigned)(addr & 7);
    return size <= 8 && access_one(t, addr, here, kind, pc) &&
           access_one(t, addr + here, size - here, kind, pc);
}

static inline bool access_inside(
    struct dt_task *t, uintptr_t addr, unsigned size, uint64_t kind, uintptr_t pc)
{
    if (__builtin_expect(!t->seg, 0))
        dt_segment_open(t);
    return __builtin_expect((addr & 7) + size <= 8, 1) ? access_one(t, addr, size, kind, pc)
                                                       : access_both(t, addr, size, kind, pc);
}

bool dt_access_fast(struct dt_task *t, uintptr_t addr, unsigned size, uint64_t kind, uintptr_t pc)
{
    if (t->in_runtime || t->ignore || t->keys != dt_keys_real)
        return false;
    __atomic_store_n(&t->in_runtime, 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    bool done = __atomic_load_n(&dt_gate, __ATOMIC_ACQUIRE) == 0 &&
                access_inside(t, addr, size, kind, pc | t->held_bits);
    __atomic_store_n(&t->in_runtime, 0, __ATOMIC_RELEASE);
    return done;
}
