/* SPDX-License-Identifier: MIT
 *
 * The rules of an access. docs/shadow.md proves them; in short, for an access x by task t and each
 * remembered element e of the granule:
 *
 *  - e of t's current segment, at least as strong as x: x need not be recorded on e's bytes.
 *  - e of t's current segment with x's kind: they may become one element. Where their origins
 *    differ its origin is an overlay (node.h), which knows the place for each byte; made only where
 *    the granule would need more than two cells.
 *  - e ordered before t and x at least as strong: e is forgotten on x's bytes.
 *  - e unordered with t and of a kind that conflicts, on bytes not covered: a race. Both stay.
 *  - anything else stays: nothing is ever evicted.
 *
 * "Strong": a write is stronger than a read, a plain access than an atomic one.
 *
 * Every change of a granule without overflow is one 16-byte compare-and-swap that also changes the
 * first cell: what was read of the second one belongs to the same state.
 */
#include "core/granule_rules.h"
#include "core/node.h"
#include "core/overflow.h"
#include "core/past.h"
#include "core/reads.h"
#include "core/sweep.h"

void dt_granule_take_over(struct access *a, uint64_t e)
{
    uint8_t bytes = (uint8_t)((a->bytes | a->extra | a->merged) >> DT_CELL_MASK_SHIFT);
    dt_stackid origin = dt_node_overlay(
        (dt_stackid)(e & DT_CELL_ORIGIN), (dt_stackid)(a->x & DT_CELL_ORIGIN), bytes);
    a->x = (a->x & ~DT_CELL_ORIGIN) | origin;
    a->merged |= e & DT_CELL_MASK;
}

static uint64_t united(uint64_t left, uint64_t right)
{
    uint8_t mask = (uint8_t)((right & DT_CELL_MASK) >> DT_CELL_MASK_SHIFT);
    dt_stackid origin = dt_node_overlay(
        (dt_stackid)(left & DT_CELL_ORIGIN), (dt_stackid)(right & DT_CELL_ORIGIN), mask);
    return (left & ~DT_CELL_ORIGIN) | (right & DT_CELL_MASK) | origin;
}

void dt_granule_queue(struct access *a, uintptr_t granule)
{
    unsigned n = a->nraces < 8 ? a->nraces : 8;
    for (unsigned i = 0; i < n; i++)
        dt_race_queue(a->t, granule, a->x | a->bytes, a->races[i], a->races[i] & a->bytes);
}

/* --- two cells --- */

struct pair {
    uint64_t first, second;
};

static bool become_special(struct access *a, uintptr_t granule, uint64_t *cells, struct pair old,
    uint64_t first, uint32_t block, uint64_t flags)
{
    static uint32_t version; /* racy: only made to differ most of the time */
    dt_page_set(dt_chunk_of(granule), granule, DT_PAGE_OVERFLOW);
    uint64_t second = dt_over_cell(block) | flags | (++version * DT_OVER_VERSION & DT_CELL_LOW);
    if (dt_cas16(cells, old.first, old.second, first, second)) {
        dt_granule_queue(a, granule);
        return true;
    }
    dt_over_free_chain(block);
    return false;
}

static bool inflate(struct access *a, uintptr_t granule, uint64_t *cells, struct pair old,
    uint64_t x, struct pair kept)
{
    uint32_t block = dt_over_add(0, kept.first);
    dt_over_add(block, kept.second);
    return become_special(a, granule, cells, old, x, block, 0);
}

/* The granule becomes read-shared; what was in it stays, x (a plain read) goes to its task's log.
 * False: also when the task had none yet, which it must have before it looks at the granule. */
static bool share(struct access *a, uintptr_t granule, uint64_t *cells, struct pair old, uint64_t x,
    struct pair kept)
{
    if (a->t->reads == &dt_no_reader) {
        dt_reads_begin(a->t);
        return false;
    }
    if (!kept.first || (kept.second & DT_CELL_W))
        kept = (struct pair){kept.second, kept.first};
    uint32_t block = kept.second ? dt_over_add(0, kept.second) : 0;
    uint64_t flags = DT_OVER_READ_SHARED | (kept.second & DT_CELL_W ? DT_OVER_MIXED : 0);
    if (!become_special(a, granule, cells, old, kept.first, block, flags))
        return false;
    return dt_reads_record(a->t, granule, x);
}

/* Pages in which tasks take over each other's reads, hardly ever each other's writes, and whose
 * memory is not handed out again and again. For a few tasks two cells serve as well. Until it is
 * known only some such accesses come here (fast.c). */
enum { PER_WRITE = 8 };

static bool is_read_mostly(const struct access *a, uintptr_t granule)
{
    uint8_t *score = read_mostly_of(granule), now = __atomic_load_n(score, __ATOMIC_RELAXED);
    if (now == READ_MOSTLY_NEVER || dt_task_live() <= DT_FEW_TASKS)
        return false;
    if (a->took_write || !dt_cell_is_plain_read(a->x)) {
        if (now)
            __atomic_store_n(score, now > PER_WRITE ? now - PER_WRITE : 0, __ATOMIC_RELAXED);
        return false;
    }
    if (now >= READ_MOSTLY)
        return true;
    __atomic_store_n(score, now + 1, __ATOMIC_RELAXED);
    return false;
}

static uint64_t unless_past(uint64_t e)
{
    return e && dt_past_has(dt_cell_seg(e)) ? 0 : e;
}

/* Tries to do with two cells: own elements of a kind become one, common past is forgotten. */
static void make_room(struct access *a, uint64_t *k0, uint64_t *k1)
{
    if (own_of_kind(*k0, a->x)) {
        dt_granule_take_over(a, *k0);
        *k0 = 0;
    } else if (own_of_kind(*k1, a->x)) {
        dt_granule_take_over(a, *k1);
        *k1 = 0;
    } else if (dt_cell_seg(*k0 ^ a->x) == 0 && own_of_kind(*k0, *k1)) {
        *k0 = united(*k0, *k1);
        *k1 = 0;
    } else if (dt_cell_seg(*k0 ^ *k1) == 0 && own_of_kind(*k0, *k1)) {
        *k0 = united(*k0, *k1); /* another task's */
        *k1 = 0;
    } else {
        *k0 = unless_past(*k0);
        *k1 = unless_past(*k1);
    }
}

/* Both tasks read: the granule may become read-shared. */
static bool is_others_read(const struct access *a, uint64_t e)
{
    return dt_cell_is_plain_read(a->x) && dt_cell_is_plain_read(e) && dt_cell_seg(e ^ a->x) != 0;
}

/* Returns false when the cells changed meanwhile. */
static bool access_pair(
    struct access *a, uintptr_t granule, uint64_t *cells, uint64_t s0, uint64_t s1)
{
    cover(a, s0);
    cover(a, s1);
    if (!a->bytes) {
        if (covers_alone(a, s0) || covers_alone(a, s1))
            return true;
        /* Both cells together: next time it shall be one, which the hot path can see. */
        if (own_of_kind(s0, s1))
            return dt_cas16(cells, s0, s1, united(s0, s1), 0);
        a->extra = a->trim;
    }
    uint64_t k0 = settle(a, s0), k1 = settle(a, s1);
    bool shared = (a->took_read || a->took_write) && is_read_mostly(a, granule);
    if (k0 && k1)
        make_room(a, &k0, &k1);
    uint64_t x = a->x | a->bytes | a->extra | a->merged;
    if (k0 && k1 && !shared) {
        dt_past_wanted();
        k0 = unless_past(k0);
        k1 = unless_past(k1);
        if (k0 && k1 && !is_others_read(a, k0) && !is_others_read(a, k1))
            return inflate(a, granule, cells, (struct pair){s0, s1}, x, (struct pair){k0, k1});
        shared = k0 && k1;
    }
    if (shared)
        return share(a, granule, cells, (struct pair){s0, s1}, x, (struct pair){k0, k1});
    uint64_t kept = k0 ? k0 : k1;
    if (kept && dt_cell_goes_second(x, kept)) {
        uint64_t second = x;
        x = kept;
        kept = second;
    }
    if (!dt_cas16(cells, s0, s1, x, kept))
        return false;
    if (a->nraces)
        dt_granule_queue(a, granule);
    return true;
}

void dt_granule_access(
    struct dt_task *t, uintptr_t granule, uint64_t *cells, uint64_t x, bool always)
{
    struct access a;
    if (dt_cell_is_plain_read(x) &&
        dt_cell_is_special(__atomic_load_n(&cells[1], __ATOMIC_RELAXED)) &&
        dt_granule_read_shared(t, granule, cells, x))
        return;
    for (;;) {
        uint64_t s0 = __atomic_load_n(&cells[0], __ATOMIC_ACQUIRE);
        uint64_t s1 = __atomic_load_n(&cells[1], __ATOMIC_ACQUIRE);
        begin(&a, t, x, always);
        bool done = dt_cell_is_special(s1) ? (!always && dt_chain_covers(&a, cells, s1)) ||
                                                 dt_chain_access(&a, granule, cells)
                                           : access_pair(&a, granule, cells, s0, s1);
        if (done)
            break;
    }
    dt_page_touch(granule);
}
