/* SPDX-License-Identifier: MIT
 *
 * Granules with more than two elements, or whose readers keep logs: the second cell is special and
 * names a chain of blocks, which changes under its lock bit only (overflow.h).
 */
#include "core/granule_rules.h"
#include "core/overflow.h"
#include "core/past.h"
#include "core/reads.h"

/* With the lock held. Keeps what remains, counts it, returns the last one kept. */
static unsigned settle_chain(struct access *a, uintptr_t granule, uint32_t block, uint64_t *ret_one)
{
    unsigned kept = 0;
    for (; block; block = dt_over_at(block)->next) {
        uint64_t *cells = dt_over_at(block)->cells;
        for (unsigned i = 0; i < DT_OVER_CELLS; i++) {
            uint64_t rest = settle(a, cells[i]);
            if (rest && own_of_kind(rest, a->x)) {
                dt_granule_take_over(a, rest);
                rest = 0;
            }
            if (rest != cells[i])
                __atomic_store_n(&cells[i], rest, __ATOMIC_RELEASE);
            if (a->nraces == 8) {
                dt_granule_queue(a, granule);
                a->nraces = 0;
            }
            if (rest) {
                kept++;
                *ret_one = rest;
            }
        }
    }
    return kept;
}

static void cover_chain(struct access *a, uint32_t block)
{
    for (; block && a->bytes; block = dt_over_at(block)->next)
        for (unsigned i = 0; i < DT_OVER_CELLS; i++)
            cover(a, __atomic_load_n(&dt_over_at(block)->cells[i], __ATOMIC_RELAXED));
}

/* Without the lock: is the access covered? Only this task stores elements of its segment, but the
 * block may be handed to another granule meanwhile: then the second cell has changed. */
bool dt_chain_covers(struct access *a, uint64_t *cells, uint64_t second)
{
    if (second & DT_OVER_LOCK)
        return false;
    uint64_t bytes = a->bytes;
    cover(a, __atomic_load_n(&cells[0], __ATOMIC_RELAXED));
    cover_chain(a, (uint32_t)(second & DT_OVER_BLOCK));
    bool all = a->bytes == 0 && __atomic_load_n(&cells[1], __ATOMIC_ACQUIRE) == second;
    a->bytes = bytes;
    return all;
}

/* Forgets what all tasks know. */
static unsigned prune_chain(uint32_t block, uint64_t *ret_one)
{
    unsigned kept = 0;
    for (; block; block = dt_over_at(block)->next) {
        uint64_t *cells = dt_over_at(block)->cells;
        for (unsigned i = 0; i < DT_OVER_CELLS; i++) {
            if (!cells[i])
                continue;
            if (dt_past_has(dt_cell_seg(cells[i]))) {
                __atomic_store_n(&cells[i], 0, __ATOMIC_RELEASE);
                continue;
            }
            kept++;
            *ret_one = cells[i];
        }
    }
    return kept;
}

static bool chain_has_write(uint32_t block)
{
    for (; block; block = dt_over_at(block)->next)
        for (unsigned i = 0; i < DT_OVER_CELLS; i++)
            if (dt_over_at(block)->cells[i] & DT_CELL_W)
                return true;
    return false;
}

/* With the lock held: x is recorded; what remains of the granule's second cell. In read-shared
 * granules a write is in the first cell rather than a read, for readers look at that one. */
static uint64_t record_in_chain(
    struct access *a, uintptr_t granule, uint64_t second, uint64_t *first)
{
    uint32_t block = (uint32_t)(second & DT_OVER_BLOCK);
    bool shared = (second & DT_OVER_READ_SHARED) != 0;
    uint64_t rest = settle(a, *first), one = 0;
    if (rest && own_of_kind(rest, a->x)) {
        dt_granule_take_over(a, rest);
        rest = 0;
    }
    unsigned kept = settle_chain(a, granule, block, &one);
    if (kept >= DT_OVER_CELLS) {
        dt_past_wanted();
        kept = prune_chain(block, &one);
    }
    *first = a->x | a->bytes | a->merged;
    if (!shared && (kept == 0 || (kept == 1 && !rest))) {
        dt_over_free_chain(block);
        return kept ? one : rest;
    }
    if (shared && kept == 0) {
        dt_over_free_chain(block);
        block = 0;
    }
    if (shared && (rest & DT_CELL_W) && !(*first & DT_CELL_W)) {
        uint64_t write = rest;
        rest = *first;
        *first = write;
    }
    if (rest)
        block = dt_over_add(block, rest);
    second = (second & ~(DT_OVER_BLOCK | DT_OVER_MIXED)) | block;
    return shared && chain_has_write(block) ? second | DT_OVER_MIXED : second;
}

/* Races of a plain read whose place is in the log: nothing changes. With the lock held. */
static void check_against(struct access *a, uintptr_t granule, uint64_t e)
{
    if ((e & a->bytes) && (e & DT_CELL_W) && dt_cell_seg(e ^ a->x) != 0 &&
        !dt_segment_ordered(a->t, dt_cell_seg(e)))
        dt_race_queue(a->t, granule, a->x | a->bytes, e, e & a->bytes);
}

static void check_all(struct access *a, uintptr_t granule, uint64_t first, uint32_t block)
{
    check_against(a, granule, first);
    for (; block; block = dt_over_at(block)->next)
        for (unsigned i = 0; i < DT_OVER_CELLS; i++)
            check_against(a, granule, dt_over_at(block)->cells[i]);
}

/* Returns false when the granule has no overflow any more. */
bool dt_chain_access(struct access *a, uintptr_t granule, uint64_t *cells)
{
    uint64_t second = dt_over_lock(cells);
    if (!second)
        return false;
    uint64_t first = __atomic_load_n(&cells[0], __ATOMIC_RELAXED);
    uint32_t block = (uint32_t)(second & DT_OVER_BLOCK);
    bool shared = (second & DT_OVER_READ_SHARED) != 0;
    if (shared && !(a->x & DT_CELL_W))
        a->bytes &= ~dt_reads_own(a->t, granule);
    cover(a, first);
    cover_chain(a, block);
    if (!a->bytes) {
        dt_over_unlock(cells, first, second);
        return true;
    }
    if (shared && dt_cell_is_plain_read(a->x) && !dt_reads_full(a->t->reads, a->x)) {
        check_all(a, granule, first, block);
        dt_over_unlock(cells, first, second);
        dt_reads_record(a->t, granule, a->x | a->trim);
        return true;
    }
    second = record_in_chain(a, granule, second, &first);
    dt_granule_queue(a, granule);
    if (shared && (a->x & DT_CELL_W) && dt_reads_look(a->t, granule, a->x | a->bytes) &&
        !(second & DT_OVER_BLOCK))
        second = 0; /* an ordinary granule again */
    dt_over_unlock(cells, first, second);
    return true;
}

/* The elements that a plain read must be checked against are in the first cell, and ordered. */
static inline bool is_simple(struct dt_task *t, uint64_t s0, uint64_t s1)
{
    return !(s1 & (DT_OVER_LOCK | DT_OVER_MIXED)) &&
           (!(s0 & DT_CELL_W) || dt_cell_seg(s0) == t->seg ||
               dt_segment_ordered(t, dt_cell_seg(s0)));
}

bool dt_granule_read_shared(struct dt_task *t, uintptr_t granule, const uint64_t *cells, uint64_t x)
{
    dt_reads_begin(t);
    uint64_t s0 = __atomic_load_n(&cells[0], __ATOMIC_ACQUIRE);
    uint64_t s1 = __atomic_load_n(&cells[1], __ATOMIC_ACQUIRE);
    if (!dt_cell_is_read_shared(s1))
        return false;
    return (~dt_reads_own(t, granule) & x & DT_CELL_MASK) == 0 ||
           (is_simple(t, s0, s1) && dt_reads_record(t, granule, x));
}
