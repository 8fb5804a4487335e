/* SPDX-License-Identifier: MIT
 *
 * What lives at addresses whose memory goes, or becomes something else (meta.h).
 */
#include <string.h>

#include "core/core.h"
#include "core/granule.h"
#include "core/meta.h"
#include "core/sync.h"

static struct dt_sync *at(uint32_t id)
{
    return dt_pool_at(&dt_sync_pool, id);
}

void (*dt_on_sync_freed)(const struct dt_sync *s, bool readable);

/* What goes: sync objects, block records too, or sync objects of memory that is given back. */
enum clearing { SYNCS, ALL, FREED, UNMAPPED };

static void free_sync(uint32_t id, enum clearing how)
{
    struct dt_sync *s = at(id);
    if (how >= FREED && s->what && dt_on_sync_freed) {
        dt_lock_take(&s->lock);
        dt_on_sync_freed(s, how == FREED);
        dt_lock_drop(&s->lock);
    }
    dt_sync_free(id);
}

/* Frees the chain's objects; returns what is to stay, 0 or the block record's name. */
static uint32_t free_chain(uint32_t chain, enum clearing how)
{
    uint32_t stays = 0;
    while (chain) {
        uint32_t next = dt_meta_next(chain);
        if (!(chain & DT_META_IS_BLOCK))
            free_sync(chain, how);
        else if (how == ALL)
            dt_block_record_free(chain & ~DT_META_IS_BLOCK);
        else
            stays = chain;
        chain = next;
    }
    return stays;
}

static inline bool is_lone_block(uint32_t id)
{
    return (id & DT_META_IS_BLOCK) && dt_meta_next(id) == 0;
}

static void clear_word(uint32_t *word, enum clearing how)
{
    uint32_t id = __atomic_load_n(word, __ATOMIC_ACQUIRE);
    if (!id || (how != ALL && is_lone_block(id)))
        return;
    uint32_t chain = __atomic_exchange_n(word, 0, __ATOMIC_ACQ_REL);
    uint32_t stays = free_chain(chain, how);
    if (!stays)
        return;
    struct dt_block_record *b = dt_pool_at(&dt_block_pool, stays & ~DT_META_IS_BLOCK);
    uint32_t head = __atomic_load_n(word, __ATOMIC_ACQUIRE);
    do
        __atomic_store_n(&b->next, head, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(
        word, &head, stays, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
}

/* A part of a granule: objects beside it stay. Those in it become as new where they are, since
 * nothing can be taken out of a chain that others walk. */
static void clear_part(struct dt_chunk *c, uintptr_t addr, uintptr_t end)
{
    uint32_t id = c ? __atomic_load_n(dt_meta_word(c, addr), __ATOMIC_ACQUIRE) : 0;
    for (; id; id = dt_meta_next(id)) {
        if (id & DT_META_IS_BLOCK)
            continue;
        struct dt_sync *s = at(id);
        dt_lock_take(&s->lock);
        if (s->addr >= addr && s->addr < end)
            dt_sync_reset(s);
        dt_lock_drop(&s->lock);
    }
}

/* Eight words. */
static inline bool are_zero(const uint32_t *words)
{
    typedef uint64_t two __attribute__((may_alias));
    const two *w = (const two *)words;
    uint64_t any = 0;
    for (unsigned i = 0; i < 4; i++)
        any |= __atomic_load_n(&w[i], __ATOMIC_RELAXED);
    return any == 0;
}

/* Whole granules of one page. */
static void clear_page(struct dt_chunk *c, uintptr_t addr, uintptr_t end, enum clearing how)
{
    uint8_t *flag = dt_page_flag(c, addr);
    if (!(__atomic_load_n(flag, __ATOMIC_RELAXED) & DT_PAGE_META))
        return;
    if (how == ALL && end - addr == DT_PAGE)
        __atomic_fetch_and(flag, (uint8_t)~DT_PAGE_META, __ATOMIC_SEQ_CST);
    for (uintptr_t a = addr; a < end;) {
        uint32_t *word = dt_meta_word(c, a);
        if (end - a >= 64 && !((uintptr_t)word & 7) && are_zero(word)) {
            a += 64;
            continue;
        }
        clear_word(word, how);
        a += 8;
    }
}

static void clear_range(uintptr_t addr, size_t size, enum clearing how)
{
    uintptr_t a = addr, end = addr + size;
    while (a < end) {
        struct dt_chunk *c = dt_chunk_of(a);
        uintptr_t stop = (a | (c ? DT_PAGE - 1 : DT_CHUNK_SIZE - 1)) + 1;
        if ((a & 7) || end - a < 8)
            stop = (a | 7) + 1;
        if (stop > end)
            stop = end - a < 8 ? end : end & ~(uintptr_t)7;
        if (c && stop - a < 8)
            clear_part(c, a, stop);
        else if (c)
            clear_page(c, a, stop, how);
        a = stop;
    }
}

void dt_meta_clear(uintptr_t addr, size_t size, bool blocks)
{
    clear_range(addr, size, blocks ? ALL : SYNCS);
}

void dt_meta_clear_freed(uintptr_t addr, size_t size, bool readable)
{
    clear_range(addr, size, readable ? FREED : UNMAPPED);
}

void dt_sync_given_back(const void *addr, size_t size, bool readable)
{
    struct dt_task *me = dt_core_enter();
    dt_meta_clear_freed((uintptr_t)addr, size, readable);
    dt_core_leave(me);
    dt_race_deliver(me);
}

void dt_sync_forget(const void *addr, size_t size)
{
    struct dt_task *me = dt_core_enter();
    dt_meta_clear((uintptr_t)addr, size, false);
    dt_core_leave(me);
    dt_race_deliver(me);
}
