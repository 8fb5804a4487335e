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
#include "base/dalloc.h"
#include "core/granule.h"
#include "core/map.h"
#include "core/node.h"
#include "core/overflow.h"
#include "core/past.h"
#include "core/segment.h"

/* The access on its way. */
struct access {
    struct dt_task *t;
    bool always;
    uint64_t x;      /* without bytes */
    uint64_t bytes;  /* mask bits that must be checked and recorded */
    uint64_t extra;  /* mask bits recorded though they need not be, so that one cell covers all */
    uint64_t merged; /* mask bits of own elements that x takes over */
    uint64_t trim;   /* mask bits on which weaker ordered elements are forgotten */
    /* Races in this attempt; more than fit are queued by another look at the cells. */
    unsigned nraces;
    uint64_t races[8];
};

static inline uint64_t kind_and_origin(uint64_t c)
{
    return c & ~DT_CELL_MASK;
}

static inline void begin(struct access *a, struct dt_task *t, uint64_t x, bool always)
{
    a->t = t;
    a->always = always;
    a->x = kind_and_origin(x);
    a->bytes = x & DT_CELL_MASK;
    a->extra = 0;
    a->merged = 0;
    a->trim = a->bytes;
    a->nraces = 0;
}

/* First look, at own elements: what do they cover? */
static inline void cover(struct access *a, uint64_t e)
{
    if (dt_cell_seg(e ^ a->x) == 0 && dt_cell_as_strong(e, a->x) && !a->always)
        a->bytes &= ~e;
}

static inline bool covers_alone(const struct access *a, uint64_t e)
{
    return dt_cell_seg(e ^ a->x) == 0 && dt_cell_as_strong(e, a->x) && (a->trim & ~e) == 0;
}

static inline uint64_t without(uint64_t e, uint64_t bytes)
{
    uint64_t rest = e & ~bytes;
    return rest & DT_CELL_MASK ? rest : 0;
}

/* Second look: what remains of e. On covered bytes an own element stands for the access: it stays
 * there, and what the access would make forgotten is forgotten for its sake. */
static inline uint64_t settle(struct access *a, uint64_t e)
{
    if (!e)
        return 0;
    if (dt_cell_seg(e ^ a->x) == 0) {
        if (kind_and_origin(e) == a->x) {
            a->merged |= e & DT_CELL_MASK;
            return 0;
        }
        return dt_cell_as_strong(a->x, e) ? without(e, a->bytes | a->extra) : e;
    }
    if (!(e & a->trim))
        return e;
    if (dt_segment_ordered(a->t, dt_cell_seg(e)))
        return dt_cell_as_strong(a->x, e) ? without(e, a->trim) : e;
    if ((e & a->bytes) && dt_cell_conflicts(e, a->x)) {
        if (a->nraces < 8)
            a->races[a->nraces] = e;
        a->nraces++;
    }
    return e;
}

static inline bool own_of_kind(uint64_t e, uint64_t x)
{
    return dt_cell_seg(e ^ x) == 0 && ((e ^ x) & (DT_CELL_W | DT_CELL_P)) == 0;
}

/* e (settled) becomes part of the access's cell. */
static void take_over(struct access *a, uint64_t e)
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

static void queue(struct access *a, uintptr_t granule)
{
    unsigned n = a->nraces < 8 ? a->nraces : 8;
    for (unsigned i = 0; i < n; i++)
        dt_race_queue(a->t, granule, a->x | a->bytes, a->races[i], a->races[i] & a->bytes);
}

/* --- more than two elements --- */

/* With the lock held. Keeps what remains, counts it, returns the last one kept. */
static unsigned settle_chain(struct access *a, uintptr_t granule, uint32_t block, uint64_t *ret_one)
{
    unsigned kept = 0;
    for (; block; block = dt_over_at(block)->next) {
        uint64_t *cells = dt_over_at(block)->cells;
        for (unsigned i = 0; i < DT_OVER_CELLS; i++) {
            uint64_t rest = settle(a, cells[i]);
            if (rest && own_of_kind(rest, a->x)) {
                take_over(a, rest);
                rest = 0;
            }
            if (rest != cells[i])
                __atomic_store_n(&cells[i], rest, __ATOMIC_RELEASE);
            if (a->nraces == 8) {
                queue(a, granule);
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
static bool covered(struct access *a, uint64_t *cells, uint64_t second)
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

/* Returns false when the granule has no overflow any more. */
static bool access_overflow(struct access *a, uintptr_t granule, uint64_t *cells)
{
    uint64_t second = dt_over_lock(cells);
    if (!second)
        return false;
    uint64_t first = __atomic_load_n(&cells[0], __ATOMIC_RELAXED), one = 0;
    uint32_t block = (uint32_t)(second & DT_OVER_BLOCK);
    cover(a, first);
    cover_chain(a, block);
    if (!a->bytes) {
        dt_over_unlock(cells, first, second);
        return true;
    }
    uint64_t rest = settle(a, first);
    if (rest && own_of_kind(rest, a->x)) {
        take_over(a, rest);
        rest = 0;
    }
    unsigned kept = settle_chain(a, granule, block, &one);
    if (kept >= DT_OVER_CELLS) {
        dt_past_wanted();
        kept = prune_chain(block, &one);
    }
    if (kept == 0 || (kept == 1 && !rest)) {
        dt_over_free_chain(block);
        second = kept ? one : rest;
    } else if (rest) {
        block = dt_over_add(block, rest);
        second = (second & ~DT_OVER_BLOCK) | block;
    }
    dt_over_unlock(cells, a->x | a->bytes | a->merged, second);
    queue(a, granule);
    return true;
}

/* --- two cells --- */

struct pair {
    uint64_t first, second;
};

static bool inflate(struct access *a, uintptr_t granule, uint64_t *cells, struct pair old,
    uint64_t x, struct pair kept)
{
    static uint32_t version; /* racy: only made to differ most of the time */
    uint32_t block = dt_over_add(0, kept.first);
    dt_over_add(block, kept.second);
    dt_page_set(dt_chunk_of(granule), granule, DT_PAGE_OVERFLOW);
    uint64_t second = dt_over_cell(block) | (++version * DT_OVER_VERSION & DT_CELL_LOW);
    if (dt_cas16(cells, old.first, old.second, x, second)) {
        queue(a, granule);
        return true;
    }
    dt_over_free_chain(block);
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
        take_over(a, *k0);
        *k0 = 0;
    } else if (own_of_kind(*k1, a->x)) {
        take_over(a, *k1);
        *k1 = 0;
    } else if (dt_cell_seg(*k0 ^ a->x) == 0 && own_of_kind(*k0, *k1)) {
        *k0 = united(*k0, *k1);
        *k1 = 0;
    } else {
        *k0 = unless_past(*k0);
        *k1 = unless_past(*k1);
    }
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
    if (k0 && k1)
        make_room(a, &k0, &k1);
    uint64_t x = a->x | a->bytes | a->extra | a->merged;
    if (k0 && k1) {
        dt_past_wanted();
        k0 = unless_past(k0);
        k1 = unless_past(k1);
        if (k0 && k1)
            return inflate(a, granule, cells, (struct pair){s0, s1}, x, (struct pair){k0, k1});
    }
    if (!dt_cas16(cells, s0, s1, x, k0 ? k0 : k1))
        return false;
    if (a->nraces)
        queue(a, granule);
    return true;
}

void dt_granule_access(
    struct dt_task *t, uintptr_t granule, uint64_t *cells, uint64_t x, bool always)
{
    struct access a;
    for (;;) {
        uint64_t s0 = __atomic_load_n(&cells[0], __ATOMIC_ACQUIRE);
        uint64_t s1 = __atomic_load_n(&cells[1], __ATOMIC_ACQUIRE);
        begin(&a, t, x, always);
        bool done = dt_cell_is_special(s1)
                        ? (!always && covered(&a, cells, s1)) || access_overflow(&a, granule, cells)
                        : access_pair(&a, granule, cells, s0, s1);
        if (done)
            break;
    }
    dt_page_touch(granule);
}

/* --- clearing --- */

static bool clear_overflow(uint64_t *cells, uint64_t bytes)
{
    uint64_t second = dt_over_lock(cells), one = 0;
    if (!second)
        return false;
    uint32_t block = (uint32_t)(second & DT_OVER_BLOCK);
    uint64_t first = without(__atomic_load_n(&cells[0], __ATOMIC_RELAXED), bytes);
    unsigned kept = 0;
    for (uint32_t b = block; b; b = dt_over_at(b)->next) {
        for (unsigned i = 0; i < DT_OVER_CELLS; i++) {
            uint64_t *c = &dt_over_at(b)->cells[i];
            __atomic_store_n(c, without(*c, bytes), __ATOMIC_RELEASE);
            if (*c) {
                kept++;
                one = *c;
            }
        }
    }
    if (kept <= 1) {
        dt_over_free_chain(block);
        second = one;
    }
    dt_over_unlock(cells, first, second);
    return true;
}

void dt_granule_clear(uint64_t *cells, unsigned mask)
{
    uint64_t bytes = (uint64_t)mask << DT_CELL_MASK_SHIFT;
    for (;;) {
        uint64_t s0 = __atomic_load_n(&cells[0], __ATOMIC_ACQUIRE);
        uint64_t s1 = __atomic_load_n(&cells[1], __ATOMIC_ACQUIRE);
        if (dt_cell_is_special(s1)) {
            if (clear_overflow(cells, bytes))
                return;
        } else if (dt_cas16(cells, s0, s1, without(s0, bytes), without(s1, bytes))) {
            return;
        }
    }
}
