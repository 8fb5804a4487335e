/* SPDX-License-Identifier: MIT
 *
 * What lives at an address besides accesses: sync objects and block records, chained from the
 * granule's meta word.
 */
#ifndef DT_META_H
#define DT_META_H

#include "base/pool.h"
#include "core/map.h"
#include "core/sync.h"

/* A meta word or a link names an object of one of the two pools. */
#define DT_META_IS_BLOCK ((uint32_t)1 << 31)

/* A heap block, at the meta word of its first granule. 16 bytes: programs have many. */
struct dt_block_record {
    uint32_t stack; /* 29 bits, and DT_BLOCK_FREED, DT_BLOCK_LARGE, DT_BLOCK_OPAQUE */
    uint32_t next;  /* chain; the pool's link when free */
    uint32_t info;  /* who allocated it; 0: a free object of the pool */
    uint32_t size;  /* DT_BLOCK_LARGE: id of the large pool */
};
#define DT_BLOCK_STACK (((uint32_t)1 << 29) - 1)
#define DT_BLOCK_FREED ((uint32_t)1 << 29)
#define DT_BLOCK_LARGE ((uint32_t)1 << 30)
#define DT_BLOCK_OPAQUE ((uint32_t)1 << 31)

extern DT_HIDDEN struct dt_pool dt_sync_pool, dt_block_pool;

/* The next name of a chain, 0: none. Of a free object's link: it may lead astray, and ends. */
static inline uint32_t dt_meta_next(uint32_t id)
{
    if (id & DT_META_IS_BLOCK) {
        struct dt_block_record *b = dt_pool_at(&dt_block_pool, id & ~DT_META_IS_BLOCK);
        return __atomic_load_n(&b->next, __ATOMIC_ACQUIRE);
    }
    return __atomic_load_n(
        &((struct dt_sync *)dt_pool_at(&dt_sync_pool, id))->next, __ATOMIC_ACQUIRE);
}

void dt_sync_init(void);
void dt_block_init(void);

/* Forgets sync objects (and block records, if `blocks`) that start in [addr, addr + size). */
void dt_meta_clear(uintptr_t addr, size_t size, bool blocks);
/* As without blocks, of memory that the program gives back (dt_on_sync_freed). */
void dt_meta_clear_freed(uintptr_t addr, size_t size, bool readable);
void dt_sync_free(uint32_t id);
/* As new, at the same address. With s locked. */
void dt_sync_reset(struct dt_sync *s);
void dt_block_record_free(uint32_t id);
/* Sweep: stacks and tasks that block records name. */
void dt_block_mark_all(void (*mark)(dt_stackid stack, struct dt_task_info *task));

#endif
