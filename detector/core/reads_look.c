/* SPDX-License-Identifier: MIT
 *
 * Logs of reads, as others look at them: writers, who clears memory, and the reader itself once
 * more (flushing). See reads.h.
 *
 * A reader looks at the granule, stores its field and goes on without a fence; who writes to the
 * granule stores its element, counts dt_reads_version up (a fence), and looks at the logs. It may
 * miss a field that is still on its way. So readers note what they read in a ring, and at the
 * latest before their clock changes or somebody may learn of their epoch they pass a fence and
 * look at the version: if it is the one of the last time, no writer has missed anything; else they
 * look at those granules again, with the clock that they had.
 */
#include <string.h>

#include "core/granule.h"
#include "core/overflow.h"
#include "core/reads.h"
#include "core/reads_log.h"
#include "core/segment.h"

/* --- writers --- */

/* x takes the place of the reads that index[] tells, which are ordered before it. Is nothing left?
 * A field that its owner has changed meanwhile stays. */
static bool replace(uint32_t name, uintptr_t granule, const uint32_t index[8], uint64_t x)
{
    unsigned bytes = (unsigned)((x & DT_CELL_MASK) >> DT_CELL_MASK_SHIFT);
    unsigned shift = name & DT_LOG_NAME_FINE ? 0 : 2, step = 1u << shift;
    unsigned all = (1u << step) - 1;
    uint16_t *f = dt_log_fields(name) + ((granule & (DT_LOG_BYTES - 1)) >> shift);
    bool empty = true;
    for (unsigned b = 0; b < 8; b += step, f++) {
        uint16_t i = (uint16_t)index[b];
        if (i && (x & DT_CELL_P) && (bytes >> b & all) == all)
            __atomic_compare_exchange_n(f, &i, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
        empty &= __atomic_load_n(f, __ATOMIC_RELAXED) == 0;
    }
    return empty;
}

/* One is not ordered: the others are looked at, and all stay. */
static bool look_at_rest(
    struct dt_task *t, const struct dt_reader *r, uintptr_t granule, uint64_t x, uint32_t index[8])
{
    for (uint64_t e; (e = dt_log_next_element(r, index)) != 0;)
        if ((e & x & DT_CELL_MASK) && !dt_segment_ordered(t, dt_cell_seg(e)))
            dt_race_queue(t, granule, x, e, e & x & DT_CELL_MASK);
    return false;
}

/* The newest read in the table is looked at before the fields: those of later ones are not taken
 * for ordered. */
static bool look_at(struct dt_task *t, uint32_t name, uintptr_t granule, uint64_t x)
{
    const struct dt_reader *r = dt_log_info(name)->reader;
    uint32_t next = __atomic_load_n(&r->next, __ATOMIC_ACQUIRE), index[8], left[8];
    uint32_t last = __atomic_load_n(&r->last_seg, __ATOMIC_ACQUIRE);
    bool all_ordered = r == t->reads || !last || dt_segment_ordered(t, last);
    bool empty = true;
    dt_log_granule(name, granule, index);
    for (unsigned b = 0; b < 8; b++) {
        empty &= index[b] == 0;
        all_ordered &= index[b] < next;
        left[b] = index[b];
    }
    if (empty)
        return true;
    for (uint64_t e; !all_ordered && (e = dt_log_next_element(r, left)) != 0;) {
        if (dt_segment_ordered(t, dt_cell_seg(e)))
            continue;
        if (e & x & DT_CELL_MASK)
            dt_race_queue(t, granule, x, e, e & x & DT_CELL_MASK);
        return look_at_rest(t, r, granule, x, left);
    }
    return replace(name, granule, index, x);
}

/* What a reader stores after we looked, it will look at again: the granule was locked when the
 * version changed, so the reader had looked at the granule before. */
bool dt_reads_look(struct dt_task *t, uintptr_t granule, uint64_t x)
{
    bool empty = true;
    __atomic_fetch_add(&dt_reads_version, 1, __ATOMIC_SEQ_CST);
    uint32_t name = __atomic_load_n(dt_readers_of(dt_chunk_of(granule), granule), __ATOMIC_ACQUIRE);
    for (; name; name = __atomic_load_n(&dt_log_info(name)->next, __ATOMIC_ACQUIRE))
        empty &= look_at(t, name, granule, x);
    return empty;
}

/* --- clearing --- */

/* A field of which only a part is cleared. Its owner may store a later read there meanwhile. */
static void clear_part(struct dt_log_info *info, uint16_t *f, unsigned rest,
    void (*keep)(void *arg, uint64_t element), void *arg)
{
    uint16_t i = __atomic_load_n(f, __ATOMIC_ACQUIRE);
    while (i && !__atomic_compare_exchange_n(f, &i, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE))
        ;
    if (!i)
        return;
    struct dt_read read = dt_read_at(info->reader, i);
    keep(arg, (uint64_t)read.seg << DT_CELL_SEG_SHIFT | (uint64_t)rest << DT_CELL_MASK_SHIFT |
                  DT_CELL_P | read.origin);
}

static void clear_log(uint32_t name, uintptr_t granule, unsigned mask,
    void (*keep)(void *arg, uint64_t element), void *arg)
{
    unsigned shift = name & DT_LOG_NAME_FINE ? 0 : 2, step = 1u << shift;
    unsigned all = (1u << step) - 1;
    uint16_t *f = dt_log_fields(name) + ((granule & (DT_LOG_BYTES - 1)) >> shift);
    for (unsigned b = 0; b < 8; b += step, f++) {
        unsigned part = mask >> b & all;
        if (part == all && __atomic_load_n(f, __ATOMIC_RELAXED))
            __atomic_store_n(f, 0, __ATOMIC_RELAXED);
        else if (part && part != all)
            clear_part(dt_log_info(name), f, (all & ~part) << b, keep, arg);
    }
}

/* Logs may be put in front of the list meanwhile, with what a coarse log held (make_fine). */
void dt_reads_clear(
    uintptr_t granule, unsigned mask, void (*keep)(void *arg, uint64_t element), void *arg)
{
    uint32_t *head = dt_readers_of(dt_chunk_of(granule), granule);
    uint32_t first = __atomic_load_n(head, __ATOMIC_ACQUIRE), stop = 0;
    while (first != stop) {
        for (uint32_t name = first; name != stop;
             name = __atomic_load_n(&dt_log_info(name)->next, __ATOMIC_ACQUIRE))
            clear_log(name, granule, mask, keep, arg);
        __atomic_fetch_add(&dt_reads_version, 1, __ATOMIC_SEQ_CST);
        stop = first;
        first = __atomic_load_n(head, __ATOMIC_ACQUIRE);
    }
}

/* --- flushing --- */

/* Own reads that are in no log any more: a part of a coarse field was cleared. */
static void recheck_own(
    struct dt_task *t, uintptr_t granule, const uint64_t *element, unsigned n, uint64_t own)
{
    for (unsigned i = 0; i < n; i++) {
        uint64_t e = element[i], meet = e & own & DT_CELL_MASK;
        if (meet && (e & DT_CELL_W) && dt_cell_seg(e) != dt_cell_seg(own) &&
            !dt_segment_ordered(t, dt_cell_seg(e)))
            dt_race_queue_late(t, granule, own, e, meet);
    }
}

static bool is_own_read(const struct dt_task *t, uint64_t e)
{
    return t->seg && dt_cell_seg(e) == t->seg && (e & DT_CELL_P) && !(e & DT_CELL_W);
}

/* With the granule's elements at hand, `n` of them. */
static void recheck_against(
    struct dt_task *t, uintptr_t granule, const uint64_t *element, unsigned n)
{
    const struct dt_reader *r = t->reads;
    uint64_t entry = dt_log_find(r, granule);
    uint32_t index[8];
    if (entry) {
        dt_log_granule(dt_log_name(entry), granule, index);
        for (unsigned b = 0; b < 8; b++)
            if (index[b] < r->first)
                index[b] = 0;
        for (uint64_t own; (own = dt_log_next_element(r, index)) != 0;)
            recheck_own(t, granule, element, n, own);
    }
    for (unsigned i = 0; i < n; i++)
        if (is_own_read(t, element[i]))
            recheck_own(t, granule, element, n, element[i]);
}

/* The granule is not read-shared any more: memory was cleared while we read. What is in our log
 * was stored after that: the read counts as the later one and is made again. If t itself does not
 * run now, the read counts as the earlier one. */
static void read_again(struct dt_task *t, uintptr_t granule, uint64_t *cells)
{
    uint64_t entry = dt_log_find(t->reads, granule);
    uint32_t index[8], left[8];
    if (!entry)
        return;
    dt_log_granule(dt_log_name(entry), granule, index);
    for (unsigned b = 0; b < 8; b++)
        left[b] = index[b] = index[b] < t->reads->first ? 0 : index[b];
    for (uint64_t own; (own = dt_log_next_element(t->reads, left)) != 0;) {
        replace(dt_log_name(entry), granule, index, own);
        dt_granule_access(t, granule, cells, own, false);
    }
}

static void recheck(struct dt_task *t, uintptr_t granule)
{
    enum { MANY = 64 };
    uint64_t *cells = dt_shadow_of(granule), element[MANY];
    uint64_t second = dt_over_lock(cells);
    if (!second || !(second & DT_OVER_READ_SHARED)) {
        if (second)
            dt_over_unlock(cells, __atomic_load_n(&cells[0], __ATOMIC_RELAXED), second);
        read_again(t, granule, cells);
        return;
    }
    uint64_t first = __atomic_load_n(&cells[0], __ATOMIC_RELAXED);
    unsigned n = 0;
    element[n++] = first;
    for (uint32_t b = (uint32_t)(second & DT_OVER_BLOCK); b; b = dt_over_at(b)->next) {
        for (unsigned i = 0; i < DT_OVER_CELLS; i++) {
            if (!dt_over_at(b)->cells[i])
                continue;
            if (n == MANY) {
                recheck_against(t, granule, element, n);
                n = 0;
            }
            element[n++] = dt_over_at(b)->cells[i];
        }
    }
    recheck_against(t, granule, element, n);
    dt_over_unlock(cells, first, second);
}

void dt_reads_flush_slow(struct dt_task *t, struct dt_task *on)
{
    struct dt_reader *r = t->reads;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    uint32_t version = __atomic_load_n(&dt_reads_version, __ATOMIC_RELAXED);
    uint32_t n = r->n_ring;
    r->n_ring = 0;
    if (version == r->version)
        return;
    struct dt_task *before = t->races_to;
    t->races_to = on;
    uintptr_t granules[DT_READ_RING]; /* reads that are made again go to the ring, too */
    memcpy(granules, r->ring, n * sizeof *granules);
    for (uint32_t i = 0; i < n; i++)
        recheck(t, granules[i]);
    t->races_to = before;
    r->version = version;
}
