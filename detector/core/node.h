/* SPDX-License-Identifier: MIT
 *
 * Nodes of the calling-context tree behind stack.h's ids, for the core's own use.
 */
#ifndef DT_NODE_H
#define DT_NODE_H

#include <stdbool.h>

#include "base/pool.h"
#include "core/stack.h"

/* Flags in the upper bits of pc: user addresses have 47. */
#define DT_NODE_FREE ((uint64_t)1 << 63)   /* the place is a call of free() */
#define DT_NODE_PINNED ((uint64_t)1 << 62) /* somebody outside the core knows the id */
#define DT_NODE_USED ((uint64_t)1 << 61)   /* not a free object of the pool */
#define DT_NODE_PC (((uint64_t)1 << 56) - 1)

struct dt_node {
    uint64_t pc;     /* and DT_NODE_FREE, DT_NODE_PINNED */
    uint32_t parent; /* 0: outermost */
    uint32_t next;   /* hash chain */
};

extern DT_HIDDEN struct dt_pool dt_node_pool;

static inline struct dt_node *dt_node(dt_stackid id)
{
    return (struct dt_node *)dt_node_pool.base + id;
}

void dt_node_init(void);
/* The node of `pc` (with DT_NODE_FREE or not) called from `parent`. */
dt_stackid dt_node_intern(dt_stackid parent, uint64_t pc);
/* The context of t's innermost frame; 0: outermost. */
dt_stackid dt_node_context(struct dt_task *t);
/* dt_node_intern of the innermost context, through t's cache. Not pinned. */
dt_stackid dt_node_origin(struct dt_task *t, uint64_t pc);
/* It is never freed from now on. Returns id. */
dt_stackid dt_node_pin(dt_stackid id);

/* Sweep (sweep.c). Mark: id and its ancestors stay. While marking is on, whatever interning
 * returns is marked. Drop: with every other task kept out, frees what was not marked and ends the
 * marking; begin, with every other task kept out too. */
void dt_node_mark_begin(void);
void dt_node_mark(dt_stackid id);
void dt_node_drop_unmarked(void);

#endif
