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
#include "core/reads.h"
#include "core/segment.h"
#include "core/sweep.h"

/* The access on its way. */
struct access {
    struct dt_task *t;
    bool always;
    uint64_t x;      /* without bytes */
    uint64_t bytes;  /* mask bits that must be checked and recorded */
    uint64_t extra;  /* mask bits recorded though they need not be, so that one cell covers all */
    uint64_t merged; /* mask bits of own elements that x takes over */
    uint64_t trim;   /* mask bits on which weaker ordered elements are forgotten */
    bool took_read;  /* another task's read is forgotten for the sake of x */
    bool took_write; /* another task's write */
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
    a->took_read = a->took_write = false;
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

/* Of any epoch of t's. */
static inline bool is_own(const struct dt_task *t, uint64_t e)
{
    return dt_segment_get(dt_cell_seg(e)).index == t->index;
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
    if (dt_segment_ordered(a->t, dt_cell_seg(e))) {
        if (!dt_cell_as_strong(a->x, e))
            return e;
        a->took_write |= (e & DT_CELL_W) != 0;
        a->took_read |= dt_cell_is_plain_read(e) && !is_own(a->t, e);
        return without(e, a->trim);
    }
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
        take_over(a, rest);
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
static bool access_overflow(struct access *a, uintptr_t granule, uint64_t *cells)
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
    queue(a, granule);
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
           (__builtin_expect(dt_reads_bounded, 0) && dt_reads_skip(t, granule, x)) ||
           (is_simple(t, s0, s1) && dt_reads_record(t, granule, x));
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
        queue(a, granule);
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

static uint8_t *read_mostly_of(uintptr_t granule)
{
    struct dt_chunk *c = dt_chunk_of(granule);
    return &c->read_mostly[(granule & (DT_CHUNK_SIZE - 1)) >> 12];
}

/* Pages in which tasks take over each other's reads, hardly ever each other's writes, and whose
 * memory is not handed out again and again. For a few tasks two cells serve as well. Only some such
 * accesses come here (fast.c). */
enum { READ_MOSTLY = 8, PER_WRITE = 8, NEVER = 255 };

static bool is_read_mostly(const struct access *a, uintptr_t granule)
{
    uint8_t *score = read_mostly_of(granule), now = __atomic_load_n(score, __ATOMIC_RELAXED);
    if (now == NEVER || dt_task_live() <= DT_FEW_TASKS)
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
        take_over(a, *k0);
        *k0 = 0;
    } else if (own_of_kind(*k1, a->x)) {
        take_over(a, *k1);
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
        queue(a, granule);
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
        bool done = dt_cell_is_special(s1)
                        ? (!always && covered(&a, cells, s1)) || access_overflow(&a, granule, cells)
                        : access_pair(&a, granule, cells, s0, s1);
        if (done)
            break;
    }
    dt_page_touch(granule);
}

/* --- clearing --- */

static void keep_in_chain(void *arg, uint64_t element)
{
    uint32_t *block = arg;
    *block = dt_over_add(*block, element);
}

/* Keeps what remains of the chain and counts it. */
static unsigned clear_chain(uint32_t block, uint64_t bytes, uint64_t *ret_one)
{
    unsigned kept = 0;
    for (; block; block = dt_over_at(block)->next) {
        for (unsigned i = 0; i < DT_OVER_CELLS; i++) {
            uint64_t *c = &dt_over_at(block)->cells[i];
            __atomic_store_n(c, without(*c, bytes), __ATOMIC_RELEASE);
            if (*c) {
                kept++;
                *ret_one = *c;
            }
        }
    }
    return kept;
}

static bool clear_overflow(uintptr_t granule, uint64_t *cells, unsigned mask)
{
    uint64_t second = dt_over_lock(cells), one = 0;
    uint64_t bytes = (uint64_t)mask << DT_CELL_MASK_SHIFT;
    if (!second)
        return false;
    uint32_t block = (uint32_t)(second & DT_OVER_BLOCK);
    uint64_t first = without(__atomic_load_n(&cells[0], __ATOMIC_RELAXED), bytes);
    bool shared = (second & DT_OVER_READ_SHARED) != 0;
    unsigned kept = clear_chain(block, bytes, &one);
    if (shared) {
        __atomic_store_n(read_mostly_of(granule), NEVER, __ATOMIC_RELAXED);
        dt_reads_clear(granule, mask, keep_in_chain, &block);
        second = (second & ~DT_OVER_BLOCK) | block;
    }
    if (mask == 0xff || (!shared && kept <= 1)) {
        dt_over_free_chain(block);
        second = one;
    }
    dt_over_unlock(cells, first, second);
    return true;
}

void dt_granule_clear(uintptr_t granule, uint64_t *cells, unsigned mask)
{
    uint64_t bytes = (uint64_t)mask << DT_CELL_MASK_SHIFT;
    for (;;) {
        uint64_t s0 = __atomic_load_n(&cells[0], __ATOMIC_ACQUIRE);
        uint64_t s1 = __atomic_load_n(&cells[1], __ATOMIC_ACQUIRE);
        if (dt_cell_is_special(s1)) {
            if (clear_overflow(granule, cells, mask))
                return;
        } else if (dt_cas16(cells, s0, s1, without(s0, bytes), without(s1, bytes))) {
            return;
        }
    }
}
