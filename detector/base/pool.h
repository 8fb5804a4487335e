/* SPDX-License-Identifier: MIT
 *
 * Objects of one size, named by 32-bit ids (from 1). Type-stable: memory of a freed object is only
 * ever used for objects of the same pool, so that a reader without a lock may look at one that is
 * freed meanwhile. The address space is reserved once, PROT_NONE, and committed in steps.
 *
 * A free object's second 32-bit word links the free list; the rest keeps its content.
 */
#ifndef DT_POOL_H
#define DT_POOL_H

#include <stdint.h>

#include "base/lock.h"

enum { DT_POOL_SHARDS = 16 };

struct dt_pool {
    const char *what; /* for the out-of-memory line */
    uint32_t item;    /* bytes, a multiple of 4, at least 8 */
    uint32_t side;    /* bytes of a second array, indexed alike; 0: none */
    uint32_t max;     /* ids below this */

    char *base, *side_base;
    dt_lock grow;
    uint32_t next;      /* first id never handed out; guarded by grow, read without */
    uint32_t committed; /* ids below this are usable; guarded by grow */
    struct {
        dt_lock lock;
        uint32_t freed;        /* list of `count` ids */
        uint32_t count;        /* changed with lock held, read without */
        uint32_t taken, given; /* alloc and free calls */
    } __attribute__((aligned(64))) shards[DT_POOL_SHARDS];
};

void dt_pool_init(struct dt_pool *p, const char *what, uint32_t item, uint32_t side, uint32_t max);
/* Content: zero when new, else what it was when freed, but for the link. Ends the process when
 * memory is out. */
uint32_t dt_pool_alloc(struct dt_pool *p);
void dt_pool_free(struct dt_pool *p, uint32_t id);
/* `n` ids in a row that were never handed out; 0 when the ids have run out. */
uint32_t dt_pool_fresh(struct dt_pool *p, uint32_t n);

/* Objects in use; while others allocate, roughly. */
uint32_t dt_pool_live(const struct dt_pool *p);

static inline void *dt_pool_at(const struct dt_pool *p, uint32_t id)
{
    return p->base + (uint64_t)id * p->item;
}

/* A number that tends to differ between threads. */
static inline unsigned dt_thread_hash(void)
{
    return (uint32_t)((uint32_t)((uintptr_t)__builtin_frame_address(0) >> 14) * 0x9e3779b1u) >> 28;
}

#endif
