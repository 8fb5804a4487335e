/* SPDX-License-Identifier: MIT
 *
 * precision=bounded: which plain reads of read-shared granules are not remembered. They are checked
 * against earlier writes as all others are, and counted (dt_reader.not_remembered).
 *
 *  - Where four tasks have logs of a kilobyte, no further task makes one. Its table of logs has an
 *    entry without a log there, so that the next reads are decided at once. Now and then it makes a
 *    log all the same: those four may be of the past.
 *  - What a task has read in an earlier epoch is not remembered again, until it has left out so
 *    many reads that remembering all of it once more is little work beside.
 */
#ifndef DT_READS_BOUNDED_H
#define DT_READS_BOUNDED_H

#include "core/reads.h"

enum {
    DT_LOGS_ENOUGH = 4,     /* of a region */
    DT_NOW_AND_THEN = 4096, /* a power of two */
    DT_AGAIN_AFTER = 8,     /* times as many reads as there are fields */
};

/* Each DT_NOW_AND_THEN times. */
void dt_reads_forgot_many(struct dt_reader *r);

/* One more is not remembered. */
static inline void dt_reads_forgot(struct dt_reader *r)
{
    if (__builtin_expect(++r->not_remembered % DT_NOW_AND_THEN == 0, 0))
        dt_reads_forgot_many(r);
}

/* x is not remembered, and counted. Also decides whether the task has a log there at all. */
bool dt_reads_may_forget(struct dt_reader *r, uintptr_t granule, uint64_t x);

/* The granule is read-shared, and nobody's write in it needs a look; a segment that is ordered is
 * not always known as such. */
static inline bool dt_reads_are_quiet(const struct dt_task *t, uint64_t s0, uint64_t s1)
{
    uint32_t seg = dt_cell_seg(s0);
    return dt_cell_is_special(s1) &&
           (s1 & (DT_OVER_LOCK | DT_OVER_READ_SHARED | DT_OVER_MIXED)) == DT_OVER_READ_SHARED &&
           (!(s0 & DT_CELL_W) || t->ordered[seg & (DT_ORDERED_CACHE - 1)] == seg);
}

/* The usual cases of reads that are not remembered, without entering the core: nothing is looked
 * up that a sweep or a purge could take away. False: not decided. */
static inline bool dt_reads_forget(struct dt_task *t, uintptr_t addr, unsigned size)
{
    struct dt_reader *r = t->reads;
    uint64_t region = addr >> DT_REGION_SHIFT, e = r->table[region & r->mask];
    uint64_t delta = dt_shadow_delta[dt_chunk_index(addr)];
    if (e >> DT_LOG_ID_BITS != region << 1 || !delta || (addr & 7) + size > 8)
        return false;
    const uint64_t *cells = (const uint64_t *)((2 * addr + delta) & ~(uintptr_t)15);
    uint64_t s0 = __atomic_load_n(&cells[0], __ATOMIC_ACQUIRE);
    if (!dt_reads_are_quiet(t, s0, __atomic_load_n(&cells[1], __ATOMIC_ACQUIRE)))
        return false;
    uint64_t id = e & (DT_LOG_IS_FINE - 1);
    const uint16_t *f = dt_coarse_log(id) + (addr % DT_LOG_BYTES >> 2);
    if (id && (__atomic_load_n(&f[0], __ATOMIC_RELAXED) < r->again ||
                  __atomic_load_n(&f[((addr & 3) + size - 1) >> 2], __ATOMIC_RELAXED) < r->again))
        return false;
    dt_reads_forgot(r);
    return true;
}

#endif
