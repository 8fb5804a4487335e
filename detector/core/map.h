/* SPDX-License-Identifier: MIT
 *
 * Where the shadow of an address is. The address space is cut into chunks of 64 MB; a table gives
 * for each what to add to twice the address to get its shadow. Chunks are mapped at first use,
 * anywhere: nothing is fixed, so nothing can collide.
 *
 * Beside the shadow each chunk has a meta word per eight bytes (the chain of sync objects and the
 * block record that live there) and a byte of flags per 4 KB page.
 */
#ifndef DT_MAP_H
#define DT_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lock.h"

enum {
    DT_CHUNK_SHIFT = 26,
    DT_N_CHUNKS = 1 << 21,
    DT_PAGE = 4096,
    DT_CHUNK_PAGES = 1 << (DT_CHUNK_SHIFT - 12),
    DT_REGION_SHIFT = 10, /* of reads.h */
    DT_CHUNK_REGIONS = 1 << (DT_CHUNK_SHIFT - DT_REGION_SHIFT),
};
#define DT_CHUNK_SIZE ((uintptr_t)1 << DT_CHUNK_SHIFT)
#define DT_ADDRESS_END ((uintptr_t)1 << 47)

enum dt_page_flags {
    DT_PAGE_OVERFLOW = 1, /* a granule may have more than two cells */
    DT_PAGE_META = 2,     /* a meta word may be set */
    DT_PAGE_TOUCHED = 4,  /* a cell may be set; for clearing (docs/shadow.md) */
};

struct dt_chunk {
    uint32_t *meta;
    uint8_t flags[DT_CHUNK_PAGES]; /* atomic */
    /* How much a page looks as if many tasks read what few write (granule.c); racy, a hint. */
    uint8_t read_mostly[DT_CHUNK_PAGES];
    uint32_t readers[DT_CHUNK_REGIONS]; /* the region's logs (reads.h); atomic */
};

/* Shadow of a is at (2 * a + dt_shadow_delta[chunk]) & ~15; 0: not mapped yet. */
extern DT_HIDDEN uint64_t dt_shadow_delta[DT_N_CHUNKS];
extern DT_HIDDEN struct dt_chunk *dt_chunks[DT_N_CHUNKS];

/* Bits above the user's address space are dropped: such an access faults in the program. */
static inline size_t dt_chunk_index(uintptr_t addr)
{
    return addr << 17 >> (17 + DT_CHUNK_SHIFT);
}

/* Makes the chunk of addr; ends the process when memory is out. */
void dt_chunk_map(uintptr_t addr);

static inline struct dt_chunk *dt_chunk_of(uintptr_t addr)
{
    return __atomic_load_n(&dt_chunks[dt_chunk_index(addr)], __ATOMIC_ACQUIRE);
}

/* NULL: no access of this chunk was recorded yet. */
static inline uint64_t *dt_shadow_find(uintptr_t addr)
{
    uint64_t delta = __atomic_load_n(&dt_shadow_delta[dt_chunk_index(addr)], __ATOMIC_ACQUIRE);
    return delta ? (uint64_t *)((2 * addr + delta) & ~(uintptr_t)15) : NULL;
}

static inline uint64_t *dt_shadow_of(uintptr_t addr)
{
    if (__builtin_expect(!dt_shadow_find(addr), 0))
        dt_chunk_map(addr);
    return dt_shadow_find(addr);
}

static inline uint8_t *dt_page_flag(struct dt_chunk *c, uintptr_t addr)
{
    return &c->flags[(addr & (DT_CHUNK_SIZE - 1)) >> 12];
}

static inline uint32_t *dt_meta_word(const struct dt_chunk *c, uintptr_t addr)
{
    return &c->meta[(addr & (DT_CHUNK_SIZE - 1)) >> 3];
}

static inline uint32_t *dt_readers_of(struct dt_chunk *c, uintptr_t addr)
{
    return &c->readers[(addr & (DT_CHUNK_SIZE - 1)) >> DT_REGION_SHIFT];
}

static inline void dt_page_set(struct dt_chunk *c, uintptr_t addr, uint8_t flag)
{
    uint8_t *f = dt_page_flag(c, addr);
    if (!(__atomic_load_n(f, __ATOMIC_RELAXED) & flag))
        __atomic_fetch_or(f, flag, __ATOMIC_SEQ_CST);
}

/* After a cell of addr's page was stored, never before. */
static inline void dt_page_touch(uintptr_t addr)
{
    dt_page_set(dt_chunk_of(addr), addr, DT_PAGE_TOUCHED);
}

/* Under a limit of the address space that leaves no room for the chunks that every program touches
 * the process ends here, before the program finds its own calls failing. */
void dt_chunk_want_room(void);
/* Chunks mapped so far, in order of mapping, for the sweep. */
uint32_t dt_chunk_count(void);
uintptr_t dt_chunk_nth(uint32_t n); /* its first address */

#endif
