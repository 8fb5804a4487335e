/* SPDX-License-Identifier: MIT
 *
 * Cells of a granule beyond the first two: a chain of 64-byte blocks, owned by the granule, changed
 * only with the lock bit of its second cell held (docs/shadow.md).
 */
#ifndef DT_OVERFLOW_H
#define DT_OVERFLOW_H

#include "base/pool.h"
#include "core/cell.h"

enum { DT_OVER_CELLS = 7, DT_MAX_OVER = 1 << 27 };

struct dt_over {
    uint32_t next;                 /* 0: last */
    uint32_t link;                 /* the pool's */
    uint64_t cells[DT_OVER_CELLS]; /* 0: free */
};
extern DT_HIDDEN struct dt_pool dt_over_pool;

static inline struct dt_over *dt_over_at(uint32_t id)
{
    return (struct dt_over *)dt_over_pool.base + id;
}

static inline bool dt_cas16(uint64_t *cells, uint64_t o0, uint64_t o1, uint64_t n0, uint64_t n1)
{
    unsigned __int128 old = (unsigned __int128)o1 << 64 | o0;
    unsigned __int128 new = (unsigned __int128)n1 << 64 | n0;
    return __sync_bool_compare_and_swap((unsigned __int128 *)cells, old, new);
}

/* Locks the granule's overflow. Returns its second cell without the lock bit, 0 when it has none
 * (any more). */
uint64_t dt_over_lock(uint64_t *cells);
/* Stores both cells and unlocks; `second` as from dt_over_lock, or an ordinary cell after
 * dt_over_free_chain. */
void dt_over_unlock(uint64_t *cells, uint64_t first, uint64_t second);
void dt_over_free_chain(uint32_t id);
/* Adds a cell; the chain's head may change: returns it. */
uint32_t dt_over_add(uint32_t id, uint64_t cell);
static inline uint64_t dt_over_cell(uint32_t block)
{
    return (uint64_t)DT_CELL_SPECIAL << DT_CELL_SEG_SHIFT | block;
}

#endif
