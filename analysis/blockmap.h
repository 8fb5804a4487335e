/* SPDX-License-Identifier: MIT
 *
 * A set of addresses, for finding the heap block that an address lies in: the nearest start below.
 * One bit for eight bytes, in chunks of 64 MB, with three levels of summary above, so that looking
 * across an empty megabyte costs as much as across an empty word. A second bit of each start is the
 * caller's (a mark).
 */
#ifndef AN_BLOCKMAP_H
#define AN_BLOCKMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "an_memory.h"

#define AN_NO_ADDRESS UINTPTR_MAX

struct an_chunk;

struct an_blockmap {
    const struct an_memory *memory;
    struct an_chunk **table; /* by address >> 26, below 2^47 */
    struct an_chunk **order; /* ascending, once sealed */
    uint32_t n, cap;
    uintptr_t lowest, highest; /* of all starts */
};

/* False: memory is out. */
bool an_blockmap_init(struct an_blockmap *m, const struct an_memory *memory);
/* A start, a multiple of eight below 2^47. False: memory is out. */
bool an_blockmap_add(struct an_blockmap *m, uintptr_t start);
/* After the last add, before the first look. */
void an_blockmap_seal(struct an_blockmap *m);

/* The greatest start <= addr, the least start >= addr; AN_NO_ADDRESS: none. */
uintptr_t an_blockmap_below(const struct an_blockmap *m, uintptr_t addr);
uintptr_t an_blockmap_above(const struct an_blockmap *m, uintptr_t addr);

/* Sets the mark of a start; false: it was set. */
bool an_blockmap_mark(struct an_blockmap *m, uintptr_t start);
void an_blockmap_unmark(struct an_blockmap *m, uintptr_t start);
bool an_blockmap_marked(const struct an_blockmap *m, uintptr_t start);

#endif
