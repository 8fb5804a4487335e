/* SPDX-License-Identifier: MIT
 *
 * Heap blocks. A record stays after free(), to name the block in a use-after-free, until its memory
 * is handed out again.
 */
#include "base/out.h"
#include "core/core.h"
#include "core/granule.h"
#include "core/meta.h"
#include "core/node.h"
#include "core/range.h"
#include "core/segment.h"
#include "core/sweep.h"

enum { MAX_BLOCKS = 1u << 28, MAX_LARGE = 1u << 20 };
#define LARGE ((size_t)1 << 32)

struct large {
    uint64_t link; /* the pool's, when free */
    uint64_t size;
};

struct dt_pool dt_block_pool;
static struct dt_pool large_pool;

void dt_block_init(void)
{
    dt_pool_init(&dt_block_pool, "heap blocks", sizeof(struct dt_block_record), 0, MAX_BLOCKS);
    dt_pool_init(&large_pool, "large heap blocks", sizeof(struct large), 0, MAX_LARGE);
}

static struct dt_block_record *at(uint32_t id)
{
    return dt_pool_at(&dt_block_pool, id & ~DT_META_IS_BLOCK);
}

static size_t size_of(const struct dt_block_record *b)
{
    if (!(b->stack & DT_BLOCK_LARGE))
        return b->size;
    return ((struct large *)dt_pool_at(&large_pool, b->size))->size;
}

void dt_block_record_free(uint32_t id)
{
    struct dt_block_record *b = at(id);
    if (b->stack & DT_BLOCK_LARGE)
        dt_pool_free(&large_pool, b->size);
    b->info = 0;
    dt_pool_free(&dt_block_pool, id);
}

static void fill(struct dt_block_record *b, const struct dt_task *t, size_t size, uint32_t stack)
{
    if (size < LARGE) {
        b->size = (uint32_t)size;
    } else {
        b->size = dt_pool_alloc(&large_pool);
        stack |= DT_BLOCK_LARGE;
        ((struct large *)dt_pool_at(&large_pool, b->size))->size = size;
    }
    b->stack = stack;
    __atomic_store_n(&b->info, t->info->pool_id, __ATOMIC_RELEASE);
}

static void link_record(uint32_t *word, uint32_t id)
{
    uint32_t head = __atomic_load_n(word, __ATOMIC_ACQUIRE);
    do
        __atomic_store_n(&at(id)->next, head, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(
        word, &head, id | DT_META_IS_BLOCK, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
}

/* The freed block that began at the same place, if its record can be used again: the usual case. */
static struct dt_block_record *predecessor(uint32_t word)
{
    if (!(word & DT_META_IS_BLOCK))
        return NULL;
    struct dt_block_record *b = at(word);
    return b->next == 0 && !(b->stack & DT_BLOCK_LARGE) ? b : NULL;
}

/* Inside the core. */
static void add(const struct dt_task *t, uintptr_t addr, size_t size, uint32_t stack)
{
    uintptr_t begin = addr & ~(uintptr_t)7; /* an allocator shares no granule */
    uintptr_t end = (addr + (size ? size : 1) + 7) & ~(uintptr_t)7;
    if (!dt_chunk_of(addr))
        dt_chunk_map(addr);
    struct dt_chunk *c = dt_chunk_of(addr);
    uint32_t *word = dt_meta_word(c, addr);
    struct dt_block_record *b = predecessor(__atomic_load_n(word, __ATOMIC_ACQUIRE));
    dt_meta_clear(b ? begin + 8 : begin, end - (b ? begin + 8 : begin), true);
    dt_range_clear_cells(begin, end - begin);
    if (b) {
        fill(b, t, size, stack);
    } else {
        uint32_t id = dt_pool_alloc(&dt_block_pool);
        fill(at(id), t, size, stack);
        dt_page_set(c, addr, DT_PAGE_META);
        link_record(word, id);
    }
}

void dt_block_alloc(struct dt_task *t, uintptr_t addr, size_t size, uintptr_t pc)
{
    if (addr == 0 || addr >= DT_ADDRESS_END)
        return;
    struct dt_task *me = dt_core_enter();
    add(t, addr, size, dt_node_origin(t, pc & DT_NODE_PC));
    dt_core_leave(me);
    dt_race_deliver(me);
}

void dt_block_alloc_library(const struct dt_task *t, uintptr_t addr, size_t size, bool opaque)
{
    if (addr && addr < DT_ADDRESS_END)
        add(t, addr, size, opaque ? DT_BLOCK_OPAQUE : 0);
}

static struct dt_block_record *record_at(uintptr_t addr)
{
    struct dt_chunk *c = dt_chunk_of(addr);
    uint32_t id = c ? __atomic_load_n(dt_meta_word(c, addr), __ATOMIC_ACQUIRE) : 0;
    for (; id && !(id & DT_META_IS_BLOCK);
         id = ((struct dt_sync *)dt_pool_at(&dt_sync_pool, id))->next)
        ;
    return id ? at(id) : NULL;
}

bool dt_block_free(struct dt_task *t, uintptr_t addr, uintptr_t pc)
{
    if (addr == 0 || addr >= DT_ADDRESS_END)
        return false;
    struct dt_task *me = dt_core_enter();
    struct dt_block_record *b = record_at(addr);
    bool ok = b && !(b->stack & DT_BLOCK_FREED);
    if (ok) {
        size_t size = size_of(b);
        b->stack |= DT_BLOCK_FREED;
        dt_meta_clear_freed(addr, size, true);
        dt_range_access(t, addr, size, DT_WRITE, (pc & DT_NODE_PC) | DT_NODE_FREE);
    }
    dt_core_leave(me);
    dt_race_deliver(me);
    return ok;
}

/* The nearest record at or below addr whose page or an earlier one of the chunk has any. */
static struct dt_block_record *nearest(uintptr_t addr, uintptr_t *ret_start)
{
    uintptr_t a = addr & ~(uintptr_t)7;
    for (;;) {
        struct dt_chunk *c = dt_chunk_of(a);
        uintptr_t page = a & ~(uintptr_t)(DT_PAGE - 1);
        if (c && __atomic_load_n(dt_page_flag(c, a), __ATOMIC_RELAXED) & DT_PAGE_META) {
            for (;; a -= 8) {
                struct dt_block_record *b = record_at(a);
                if (b) {
                    *ret_start = a;
                    return b;
                }
                if (a == page)
                    break;
            }
        }
        if (!c)
            page &= ~(DT_CHUNK_SIZE - 1);
        if (page < DT_PAGE || addr - page > ((uintptr_t)1 << 40))
            return NULL;
        a = page - 8;
    }
}

bool dt_block_find(uintptr_t addr, struct dt_block *ret_block)
{
    uintptr_t start;
    if (addr >= DT_ADDRESS_END)
        return false;
    struct dt_block_record *b = nearest(addr, &start);
    if (!b)
        return false;
    size_t size = size_of(b);
    uint32_t info = __atomic_load_n(&b->info, __ATOMIC_ACQUIRE);
    if (addr - start >= (size ? size : 1) || !info)
        return false;
    *ret_block = (struct dt_block){
        .addr = start,
        .size = size,
        .allocated = b->stack & DT_BLOCK_STACK,
        .by = dt_task_info_at(info),
    };
    return true;
}

void dt_block_free_library(uintptr_t addr)
{
    struct dt_block_record *b = addr && addr < DT_ADDRESS_END ? record_at(addr) : NULL;
    if (b)
        b->stack |= DT_BLOCK_FREED;
}

static bool each_in_page(struct dt_chunk *c, uintptr_t page, dt_block_fn fn, void *arg)
{
    const uint64_t *pairs = (const uint64_t *)(const void *)dt_meta_word(c, page);
    for (unsigned i = 0; i < DT_PAGE / 16; i++) {
        if (!pairs[i]) /* two granules without anything */
            continue;
        for (uintptr_t a = page + 16 * i; a < page + 16 * i + 16; a += 8)
            if (__atomic_load_n(dt_meta_word(c, a), __ATOMIC_RELAXED)) {
                const struct dt_block_record *b = record_at(a);
                bool held = b && !(b->stack & (DT_BLOCK_FREED | DT_BLOCK_OPAQUE));
                if (b && !fn(a, size_of(b), held, arg))
                    return false;
            }
    }
    return true;
}

bool dt_block_each(dt_block_fn fn, void *arg)
{
    for (uint32_t n = 0; n < dt_chunk_count(); n++) {
        uintptr_t first = dt_chunk_nth(n);
        struct dt_chunk *c = dt_chunk_of(first);
        for (uint32_t i = 0; i < DT_CHUNK_PAGES; i++)
            if ((c->flags[i] & DT_PAGE_META) &&
                !each_in_page(c, first + (uintptr_t)i * DT_PAGE, fn, arg))
                return false;
    }
    return true;
}

void dt_block_mark_all(void (*mark)(dt_stackid stack, struct dt_task_info *task))
{
    for (uint32_t id = 1; id < dt_block_pool.next; id++) {
        uint32_t info = __atomic_load_n(&at(id)->info, __ATOMIC_ACQUIRE);
        if (info)
            mark(at(id)->stack & DT_BLOCK_STACK, dt_task_info_at(info));
    }
}
