/* SPDX-License-Identifier: MIT
 *
 * An access to a granule on its way, and the rules that it is decided by (docs/shadow.md), element
 * by element: for the files that know how elements are kept (granule.c, granule_chain.c,
 * granule_clear.c).
 */
#ifndef DT_GRANULE_RULES_H
#define DT_GRANULE_RULES_H

#include "core/granule.h"
#include "core/map.h"
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
void dt_granule_take_over(struct access *a, uint64_t e);
/* The races of this attempt. */
void dt_granule_queue(struct access *a, uintptr_t granule);

/* --- granule_chain.c: granules whose second cell is special --- */

/* Without the lock: is the access covered? */
bool dt_chain_covers(struct access *a, uint64_t *cells, uint64_t second);
/* Returns false when the granule has no overflow any more. */
bool dt_chain_access(struct access *a, uintptr_t granule, uint64_t *cells);

#endif
