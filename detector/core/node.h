/* SPDX-License-Identifier: MIT
 *
 * Nodes of the calling-context tree behind stack.h's ids, for the core's own use.
 */
#ifndef DT_NODE_H
#define DT_NODE_H

#include <stdbool.h>

#include "base/pool.h"
#include "core/stack.h"
#include "core/task.h"

/* Fields in the upper bits of pc: user addresses have 47. */
#define DT_NODE_FREE ((uint64_t)1 << 63)   /* the place is a call of free() */
#define DT_NODE_PINNED ((uint64_t)1 << 62) /* somebody outside the core knows the id */
#define DT_NODE_USED ((uint64_t)1 << 61)   /* not a free object of the pool */
/* No place at all but the origins of several accesses that share a cell: `parent`'s, overlaid on
 * the bytes of a mask (bits 32 to 39) by a plain origin (the lower bits). */
#define DT_NODE_OVERLAY ((uint64_t)1 << 60)
#define DT_NODE_PC (((uint64_t)1 << 47) - 1)
/* Of an origin: the locks that its task held. A lock set of small id by itself; of others how many
 * locks there were, and its segment tells the rest (dt_segment_lockset). */
enum {
    DT_NODE_LOCKS_SHIFT = 47,
    DT_NODE_LOCKS_MASK = (1 << 13) - 1,
    DT_NODE_LOCKS_COUNT = 1 << 12
};

/* Nodes come in pairs, so that most of what is looked for is in a line just used. An even one is
 * in the hash table and tells its parent. The odd one beside it is its first child that is a place,
 * or unused (pc 0), and remembers two contexts called from the even one. */
struct dt_node {
    uint64_t pc; /* and what is above it */
    union {
        struct {
            uint32_t parent; /* 0: outermost */
            uint32_t next;   /* hash chain */
        } even;
        uint32_t context[2]; /* of an odd one; 0: none; atomic */
    };
};

extern DT_HIDDEN struct dt_pool dt_node_pool; /* of pairs: pair n has the nodes 2n and 2n + 1 */

static inline struct dt_node *dt_node(dt_stackid id)
{
    return (struct dt_node *)dt_node_pool.base + id;
}

static inline dt_stackid dt_node_parent(dt_stackid id)
{
    return id & 1 ? id - 1 : dt_node(id)->even.parent;
}

/* Of an origin: DT_NODE_LOCKS_SHIFT. */
static inline uint32_t dt_node_locks(dt_stackid origin)
{
    return (uint32_t)(dt_node(origin)->pc >> DT_NODE_LOCKS_SHIFT) & DT_NODE_LOCKS_MASK;
}

static inline struct dt_origin_cache *dt_origin_slot(struct dt_task *t, uint64_t pc)
{
    return &t->origins[(pc >> 2 ^ pc >> 5) & (DT_ORIGIN_CACHE - 1)];
}

void dt_node_init(void);
/* The node of `pc` (with DT_NODE_FREE or not) called from `parent`: a place. Contexts are
 * interned by dt_node_context. */
dt_stackid dt_node_intern(dt_stackid parent, uint64_t pc);
/* The context of t's innermost frame; 0: outermost. */
dt_stackid dt_node_context(struct dt_task *t);
dt_stackid dt_node_origin_slow(struct dt_task *t, uint64_t pc);

/* dt_node_intern of the innermost context, through t's cache. Not pinned. */
static inline dt_stackid dt_node_origin(struct dt_task *t, uint64_t pc)
{
    const struct dt_origin_cache *c = dt_origin_slot(t, pc);
    if (c->pc == pc && c->context == t->top->node && c->origin && (c->context || t->top == t->base))
        return c->origin;
    return dt_node_origin_slow(t, pc);
}
/* The origins of a cell in which `right` is laid over `left` on the bytes of mask. */
dt_stackid dt_node_overlay(dt_stackid left, dt_stackid right, uint8_t mask);
/* The origin that a cell's origin means for one of its bytes. */
dt_stackid dt_node_of_byte(dt_stackid origin, unsigned byte);

/* It is never freed from now on. Returns id. */
dt_stackid dt_node_pin(dt_stackid id);

/* Sweep (sweep.c). Mark: id and its ancestors stay. While marking is on, whatever interning
 * returns is marked. Drop: with every other task kept out, frees what was not marked and ends the
 * marking; begin, with every other task kept out too. */
void dt_node_mark_begin(void);
void dt_node_mark(dt_stackid id);
void dt_node_drop_unmarked(void);

#endif
