/* SPDX-License-Identifier: MIT
 *
 * The heap blocks, for finding the one that an address lies in. One bit for eight bytes says where
 * blocks start, in chunks of 64 MB, with three levels of summary above, so that looking across an
 * empty megabyte costs as much as across an empty word. Beside each 64 bits stands the number of
 * the first block that starts there, so that the bits below one tell a block's number: a look costs
 * two lines of memory, whatever the heap.
 */
#ifndef AN_BLOCKMAP_H
#define AN_BLOCKMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "an_memory.h"

#define AN_NO_ADDRESS UINTPTR_MAX
#define AN_NO_BLOCK UINT32_MAX

struct an_range {
    uintptr_t lo, hi;
};

struct an_block {
    uint64_t size : 56;
    uint64_t is_held : 1;                    /* else free, or the analyser's own */
    uint64_t is_marked : 1, has_objects : 1; /* the user's */
};

enum { AN_CHUNK_SHIFT = 26, AN_SEGMENT_SHIFT = 16, AN_MAX_SEGMENTS = 1 << 12 };

/* 512 bytes of address space. */
struct an_word {
    uint64_t starts;
    uint32_t first; /* number of the first block that starts here */
};

struct an_chunk;

struct an_blockmap {
    const struct an_memory *memory;
    struct an_chunk **table;  /* by address >> AN_CHUNK_SHIFT, below 2^47 */
    struct an_chunk **order;  /* ascending, once sealed */
    struct an_block **blocks; /* by number, in segments */
    uint32_t n, cap, n_blocks;
    uintptr_t lowest; /* of all starts */
    uintptr_t end;    /* of all blocks */
};

/* False: memory is out. */
bool an_blockmap_init(struct an_blockmap *m, const struct an_memory *memory);
/* A block; `start` is a multiple of eight below 2^47. Those of one chunk come one after another,
 * ascending. False: memory is out. */
bool an_blockmap_add(struct an_blockmap *m, uintptr_t start, size_t size, bool is_held);
/* After the last add, before the first look. */
void an_blockmap_seal(struct an_blockmap *m);

static inline struct an_block *an_blockmap_at(const struct an_blockmap *m, uint32_t block)
{
    return &m->blocks[block >> AN_SEGMENT_SHIFT][block & ((1u << AN_SEGMENT_SHIFT) - 1)];
}

/* The block that holds addr; AN_NO_BLOCK: none. A pointer to the end of a block is not one to it; a
 * block of size 0 has its address. */
uint32_t an_blockmap_find(const struct an_blockmap *m, uintptr_t addr, uintptr_t *ret_start);
/* Where the block that starts at `start` ends. */
uintptr_t an_blockmap_end(const struct an_blockmap *m, uintptr_t start);
/* Where the first block at or above addr starts; AN_NO_ADDRESS: none. */
uintptr_t an_blockmap_above(const struct an_blockmap *m, uintptr_t addr);
/* Asks for the memory that an_blockmap_find(addr) will need first. */
void an_blockmap_prefetch(const struct an_blockmap *m, uintptr_t addr);

/* Two ranges that cover all blocks, parted where the gap is largest; the second may be empty. */
void an_blockmap_areas(const struct an_blockmap *m, struct an_range ret_areas[2]);

#endif
