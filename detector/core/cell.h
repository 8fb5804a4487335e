/* SPDX-License-Identifier: MIT
 *
 * A cell is one remembered access in 64 bits (docs/shadow.md). A granule of eight bytes has two.
 *
 *     63        39 38    31 30 29 28         0
 *     segment (25) mask (8)  P  W origin (29)
 *
 * P: plain, not atomic. W: write. An all-zero cell is empty. If a granule's second cell has
 * segment DT_CELL_SPECIAL, further cells are in a chain of blocks (overflow.h).
 *
 * The same-epoch test. A task keeps ~0 in the lower 39 bits of t->segment and its segment above.
 * (cell ^ t->segment) then has zeros in the segment bits iff the segment is ours, and zeros in the
 * other bits that are set in the cell. The key of an access has ones in the segment bits and in
 * the bits that a cell needs to have to cover it: its bytes, P if plain, W if it writes. Covered
 * iff
 * ((cell ^ t->segment) & key) == 0. A key of zero covers everything.
 */
#ifndef DT_CELL_H
#define DT_CELL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"

#define DT_CELL_ORIGIN (((uint64_t)1 << 29) - 1)
#define DT_CELL_W ((uint64_t)1 << 29)
#define DT_CELL_P ((uint64_t)1 << 30)
enum { DT_CELL_MASK_SHIFT = 31, DT_CELL_SEG_SHIFT = 39, DT_CELL_SEG_BITS = 25 };
#define DT_CELL_MASK ((uint64_t)0xff << DT_CELL_MASK_SHIFT)
#define DT_CELL_SEG (~(uint64_t)0 << DT_CELL_SEG_SHIFT)
#define DT_CELL_LOW (~DT_CELL_SEG)
#define DT_CELL_SPECIAL ((1u << DT_CELL_SEG_BITS) - 1)
#define DT_MAX_SEGMENTS DT_CELL_SPECIAL

/* Second cell of a granule with more than two elements, or whose readers keep logs. */
#define DT_OVER_LOCK ((uint64_t)1 << 27)
#define DT_OVER_READ_SHARED ((uint64_t)1 << 28) /* plain reads are in logs (reads.h) */
#define DT_OVER_MIXED ((uint64_t)1 << 29)       /* so, and the chain may have a write */
#define DT_OVER_BLOCK (((uint64_t)1 << 27) - 1)
#define DT_OVER_VERSION ((uint64_t)1 << 30) /* nine bits, counts the unlocks */

static inline uint32_t dt_cell_seg(uint64_t c)
{
    return (uint32_t)(c >> DT_CELL_SEG_SHIFT);
}

static inline bool dt_cell_is_special(uint64_t c)
{
    return c >= (uint64_t)DT_CELL_SPECIAL << DT_CELL_SEG_SHIFT;
}

static inline bool dt_cell_is_read_shared(uint64_t second)
{
    return dt_cell_is_special(second) && (second & DT_OVER_READ_SHARED) != 0;
}

static inline bool dt_cell_is_plain_read(uint64_t c)
{
    return (c & (DT_CELL_W | DT_CELL_P)) == DT_CELL_P;
}

/* Of two tasks' reads the one with the lower segment is the first cell: each task then finds its
 * own in the same place everywhere, and the branches of the hot path can be foretold. */
static inline bool dt_cell_goes_second(uint64_t x, uint64_t kept)
{
    return dt_cell_is_plain_read(x) && dt_cell_is_plain_read(kept) && kept < x;
}

/* Whatever races with b also races with a, the order being the same. */
static inline bool dt_cell_as_strong(uint64_t a, uint64_t b)
{
    return (b & ~a & (DT_CELL_W | DT_CELL_P)) == 0;
}

/* The kinds conflict; bytes and order are not looked at. */
static inline bool dt_cell_conflicts(uint64_t a, uint64_t b)
{
    return ((a | b) & (DT_CELL_W | DT_CELL_P)) == (DT_CELL_W | DT_CELL_P);
}

/* Keys, by kind of access and offset in the granule; an access that leaves the granule has a key
 * that no cell satisfies. */
enum dt_key_kind {
    DT_KEY_R1,
    DT_KEY_R2,
    DT_KEY_R4,
    DT_KEY_R8,
    DT_KEY_W1,
    DT_KEY_W2,
    DT_KEY_W4,
    DT_KEY_W8
};
enum { DT_N_KEYS = 64 };
extern DT_HIDDEN uint64_t dt_keys_real[DT_N_KEYS];       /* everything is recorded */
extern DT_HIDDEN const uint64_t dt_keys_none[DT_N_KEYS]; /* nothing is */
extern DT_HIDDEN const uint64_t dt_keys_slow[DT_N_KEYS]; /* every access takes the slow path */

#endif
