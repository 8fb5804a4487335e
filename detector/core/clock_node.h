/* SPDX-License-Identifier: MIT
 *
 * The nodes of clocks (clock.h), for the core's own fast paths.
 */
#ifndef DT_CLOCK_NODE_H
#define DT_CLOCK_NODE_H

#include "base/pool.h"
#include "core/clock.h"

struct dt_clock_node {
    uint32_t v[16]; /* a leaf's epochs, or ids of the children (0: all zero) */
};

extern DT_HIDDEN struct dt_pool dt_clock_pool; /* side array: reference counts */

static inline struct dt_clock_node *dt_clock_node(uint32_t id)
{
    return (struct dt_clock_node *)dt_clock_pool.base + id;
}

static inline dt_epoch dt_clock_look(const struct dt_clock *c, dt_index i)
{
    uint32_t id = c->root;
    if (__builtin_expect(c->depth == 1, 1))
        return i < 16 ? dt_clock_node(id)->v[i] : 0;
    return dt_clock_get(c, i);
}

/* The epochs of the sixteen indices from i on, a multiple of sixteen; NULL: all zero. */
const uint32_t *dt_clock_leaf(const struct dt_clock *c, dt_index i);

/* As dt_clock_join, without looking at component `own` (UINT32_MAX: at all). `known` (or NULL) is
 * covered by dst: what src shares with it is skipped, so that joining clocks that descend from each
 * other costs their difference. */
bool dt_clock_join_known(
    struct dt_clock *dst, const struct dt_clock *src, const struct dt_clock *known, dt_index own);

#endif
