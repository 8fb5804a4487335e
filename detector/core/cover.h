/* SPDX-License-Identifier: MIT
 *
 * The same-epoch test (cell.h) where the hot path does not make it: for accesses that cross the
 * border of a granule, and for reads in fine logs (reads.h). As there, all that is looked at is the
 * task's own, or cells whose change by others makes no difference.
 */
#ifndef DT_COVER_H
#define DT_COVER_H

#include <emmintrin.h>

#include "core/map.h"
#include "core/reads.h"
#include "core/task.h"

/* Which of eight bytes' fields are of the current epoch, two bits each. */
static inline unsigned dt_fine_bits(uint32_t first, __m128i fields)
{
    __m128i older = _mm_subs_epu16(_mm_set1_epi16((short)first), fields);
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi16(older, _mm_setzero_si128()));
}

/* Up to eight bytes, of any alignment; false: also near the end of a log. */
static inline __attribute__((always_inline)) bool dt_cover_fine(
    const struct dt_reader *r, uintptr_t addr, unsigned size)
{
    uint64_t region = addr >> DT_REGION_SHIFT, e = r->table[region & r->mask];
    unsigned at = (unsigned)(addr % DT_LOG_BYTES);
    if (e >> DT_LOG_ID_BITS != (region << 1 | 1) || at > DT_LOG_BYTES - 8)
        return false;
    const uint16_t *f = dt_fine_log(e & (DT_LOG_IS_FINE - 1)) + at;
    unsigned ok = dt_fine_bits(r->first, _mm_loadu_si128((const __m128i *)f));
    return (~ok & ((1u << 2 * size) - 1)) == 0;
}

static inline bool dt_cover_part(const struct dt_task *t, const uint64_t *cells, uint64_t key)
{
    return ((__atomic_load_n(&cells[0], __ATOMIC_RELAXED) ^ t->segment) & key) == 0 ||
           ((__atomic_load_n(&cells[1], __ATOMIC_RELAXED) ^ t->segment) & key) == 0;
}

/* Up to eight bytes that lie in two granules, by their cells. `kind`: DT_CELL_P, and DT_CELL_W. */
static inline __attribute__((always_inline)) bool dt_cover_across(
    const struct dt_task *t, uintptr_t addr, unsigned size, uint64_t kind)
{
    uint64_t delta = dt_shadow_delta[dt_chunk_index(addr)], bytes = ((1u << size) - 1)
                                                                    << (addr & 7);
    if (!delta || t->keys != dt_keys_real)
        return false;
    const uint64_t *cells = (const uint64_t *)((2 * addr + delta) & ~(uintptr_t)15);
    kind |= DT_CELL_SEG;
    return dt_cover_part(t, cells, kind | (bytes & 0xff) << DT_CELL_MASK_SHIFT) &&
           dt_cover_part(t, cells + 2, kind | bytes >> 8 << DT_CELL_MASK_SHIFT);
}

#endif
