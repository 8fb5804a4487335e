/* SPDX-License-Identifier: MIT
 *
 * Vector clocks whose cost follows what differs, not how many tasks exist.
 *
 * A clock maps task indices to the last clock value of that task which is known to have happened
 * before. It is a persistent radix tree: 64-byte nodes, 16 entries each, reference counted and
 * copied only when a shared node is written. Taking a snapshot (release) shares the root in O(1);
 * a join skips every subtree whose node is the same. Sixteen tasks fit one node.
 */
#ifndef DT_CLOCK_H
#define DT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

typedef uint32_t dt_epoch; /* a task's own time; 0: never */
typedef uint32_t dt_index; /* a task's component; recycled */

/* One component by itself; epoch 0: nothing. */
struct dt_moment {
    dt_index index;
    dt_epoch epoch;
};

struct dt_clock {
    uint32_t root;  /* node id, 0: all zero */
    uint32_t depth; /* levels; 16^depth indices are covered */
};

dt_epoch dt_clock_get(const struct dt_clock *c, dt_index i);
void dt_clock_set(struct dt_clock *c, dt_index i, dt_epoch e); /* e >= the present value */
void dt_clock_add(struct dt_clock *c, struct dt_moment m);
/* dst := max(dst, src). Returns false when dst already covered src. */
bool dt_clock_join(struct dt_clock *dst, const struct dt_clock *src);
void dt_clock_copy(struct dt_clock *dst, const struct dt_clock *src); /* dst was initialised */
bool dt_clock_covers(const struct dt_clock *c, const struct dt_clock *other);
void dt_clock_clear(struct dt_clock *c); /* drops its nodes */

#endif
