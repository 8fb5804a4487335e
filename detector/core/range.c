/* SPDX-License-Identifier: MIT
 *
 * Any number of granules at once.
 */
#define _GNU_SOURCE
#include <emmintrin.h>
#include <errno.h>
#include <sys/mman.h>

#include "core/fast.h"
#include "core/granule.h"
#include "core/lockcount.h"
#include "core/map.h"
#include "core/meta.h"
#include "core/node.h"
#include "core/overflow.h"
#include "core/range.h"
#include "core/reads.h"
#include "core/segment.h"

/* Bytes of the program's memory. */
enum {
    MADVISE_FROM = 64 * 1024,
    LOOK_FROM = 256, /* from here on it is worth looking whether the page was ever touched */
};

static unsigned mask_of(uintptr_t begin, uintptr_t end)
{
    unsigned mask = 0xffu << (begin & 7) & 0xffu;
    uintptr_t granule_end = (begin & ~(uintptr_t)7) + 8;
    return end < granule_end ? mask & (0xffu >> (granule_end - end)) : mask;
}

/* How many granules from the first are covered by their first cell. */
static inline size_t covered_run(const uint64_t *cells, size_t n, uint64_t own, uint64_t need)
{
    size_t i = 0;
    for (; n - i >= 4; i += 4, cells += 8) {
        uint64_t a = cells[0] ^ own, b = cells[2] ^ own, c = cells[4] ^ own, d = cells[6] ^ own;
        if ((a | b | c | d) & need)
            return i;
    }
    return i;
}

/* Nothing remains of e when t makes a plain write of all its bytes. */
static inline bool is_superseded(struct dt_task *t, uint64_t e)
{
    return e == 0 || dt_cell_seg(e) == t->seg || dt_segment_ordered(t, dt_cell_seg(e));
}

/* The usual cases of a write (`x`: plain, the whole granule) that is recorded in any case: nobody
 * else's unordered access is there. */
static inline bool supersede(struct dt_task *t, uint64_t *cells, uint64_t s0, uint64_t x)
{
    uint64_t s1 = __atomic_load_n(&cells[1], __ATOMIC_ACQUIRE);
    return !dt_cell_is_special(s1) && is_superseded(t, s0) && is_superseded(t, s1) &&
           dt_cas16(cells, s0, s1, x, 0);
}

/* Whole granules of one page. Fresh ones and covered ones are dealt with here. */
static void access_page(struct dt_task *t, uintptr_t addr, size_t n, uint64_t x, bool always)
{
    uint64_t *cells = dt_shadow_of(addr);
    uint64_t need = DT_CELL_SEG | (x & ~DT_CELL_ORIGIN & DT_CELL_LOW), own = t->segment;
    uintptr_t page = addr;
    while (n) {
        size_t skip = always ? 0 : covered_run(cells, n, own, need);
        if (skip) {
            n -= skip, cells += 2 * skip, addr += 8 * skip;
            continue;
        }
        uint64_t s0 = __atomic_load_n(&cells[0], __ATOMIC_ACQUIRE);
        bool done = always ? supersede(t, cells, s0, x) : dt_cells_fast(t, addr, cells, x);
        if (!done)
            dt_granule_access(t, addr, cells, x, always);
        n--, cells += 2, addr += 8;
    }
    dt_page_touch(page);
}

/* An access without its bytes. First the segment: a sweep may come of it. */
static inline uint64_t make_cell(struct dt_task *t, unsigned flags, uint64_t pc)
{
    if (!t->seg)
        dt_segment_open(t);
    uint64_t x = (uint64_t)t->seg << DT_CELL_SEG_SHIFT | dt_node_origin(t, pc | t->held_bits);
    if (flags & DT_WRITE)
        x |= DT_CELL_W;
    if (!(flags & DT_ATOMIC))
        x |= DT_CELL_P;
    return x;
}

static void access_part(struct dt_task *t, uintptr_t addr, uint64_t x, unsigned mask, bool always)
{
    uintptr_t granule = addr & ~(uintptr_t)7;
    uint64_t bytes = (uint64_t)mask << DT_CELL_MASK_SHIFT;
    dt_granule_access(t, granule, dt_shadow_of(granule), x | bytes, always);
}

void dt_granule_range(struct dt_task *t, uintptr_t addr, unsigned size, unsigned flags, uint64_t pc)
{
    uint64_t *cells = dt_shadow_of(addr & ~(uintptr_t)7);
    uint64_t bytes = (uint64_t)((1u << size) - 1) << ((addr & 7) + DT_CELL_MASK_SHIFT);
    uint64_t x = make_cell(t, flags, pc) | bytes;
    if (flags == DT_READ && dt_cell_is_special(__atomic_load_n(&cells[1], __ATOMIC_RELAXED)) &&
        dt_granule_read_shared(t, addr & ~(uintptr_t)7, cells, x)) {
        dt_reads_remember_index(t, pc, x);
        dt_lockcount_access(t, addr, pc);
        return;
    }
    if (__atomic_load_n(&cells[0], __ATOMIC_RELAXED) == 0 && dt_cas16(cells, 0, 0, x, 0))
        dt_page_touch(addr);
    else
        dt_granule_access(t, addr & ~(uintptr_t)7, cells, x, false);
    dt_lockcount_access(t, addr, pc);
}

void dt_range_access(struct dt_task *t, uintptr_t addr, size_t size, unsigned flags, uint64_t pc)
{
    uintptr_t end = addr + size;
    if (t->keys == dt_keys_none || t->ignore || !size || end < addr || end > DT_ADDRESS_END)
        return;
    uint64_t x = make_cell(t, flags, pc);
    bool always = (pc & DT_NODE_FREE) != 0;
    if (addr & 7) {
        access_part(t, addr, x, mask_of(addr, end), always);
        addr = (addr | 7) + 1;
    }
    while (end - addr >= 8 && addr < end) {
        uintptr_t page_end = (addr | (DT_PAGE - 1)) + 1;
        uintptr_t stop = (end < page_end ? end : page_end) & ~(uintptr_t)7;
        access_page(t, addr, (stop - addr) / 8, x | DT_CELL_MASK, always);
        addr = stop;
    }
    if (addr < end)
        access_part(t, addr, x, mask_of(addr, end), always);
}

/* --- clearing --- */

enum { RUN = 8 };

static inline __m128i both(const uint64_t *cells)
{
    const __m128i *c = (const __m128i *)(const void *)cells;
    return _mm_or_si128(_mm_load_si128(&c[0]), _mm_load_si128(&c[1]));
}

static inline bool is_run_empty(const uint64_t *cells)
{
    __m128i low = _mm_or_si128(both(cells), both(cells + 4));
    __m128i high = _mm_or_si128(both(cells + 8), both(cells + 12));
    __m128i is_zero = _mm_cmpeq_epi8(_mm_or_si128(low, high), _mm_setzero_si128());
    return _mm_movemask_epi8(is_zero) == 0xffff;
}

/* Dirties no page that is zero already. */
static void clear_cells(uintptr_t addr, size_t granules)
{
    uint64_t *cells = dt_shadow_find(addr);
    for (; granules; granules--, cells += 2, addr += 8) {
        while (granules > RUN && is_run_empty(cells)) {
            granules -= RUN, cells += 2 * RUN, addr += 8 * RUN;
            __atomic_signal_fence(__ATOMIC_SEQ_CST);
        }
        uint64_t s1 = __atomic_load_n(&cells[1], __ATOMIC_RELAXED);
        if (!(s1 | __atomic_load_n(&cells[0], __ATOMIC_RELAXED)))
            continue;
        if (__builtin_expect(dt_cell_is_special(s1), 0)) {
            dt_granule_clear(addr, cells, 0xff);
            continue;
        }
        __atomic_store_n(&cells[0], 0, __ATOMIC_RELAXED);
        __atomic_store_n(&cells[1], 0, __ATOMIC_RELAXED);
    }
}

/* Whole pages of one chunk without overflow. The flag goes first: see dt_page_touch. */
static void clear_touched(struct dt_chunk *c, uintptr_t addr, uintptr_t end)
{
    for (uintptr_t page = addr; page < end; page += DT_PAGE)
        __atomic_fetch_and(dt_page_flag(c, page), (uint8_t)~DT_PAGE_TOUCHED, __ATOMIC_SEQ_CST);
    int saved = errno;
    if (end - addr < MADVISE_FROM ||
        madvise(dt_shadow_find(addr), 2 * (end - addr), MADV_DONTNEED) != 0)
        clear_cells(addr, (end - addr) / 8);
    errno = saved;
}

static void clear_overflow_page(struct dt_chunk *c, uintptr_t addr)
{
    uint8_t *flag = dt_page_flag(c, addr);
    __atomic_fetch_and(flag, (uint8_t)~DT_PAGE_TOUCHED, __ATOMIC_SEQ_CST);
    clear_cells(addr, DT_PAGE / 8);
    __atomic_fetch_and(flag, (uint8_t)~DT_PAGE_OVERFLOW, __ATOMIC_SEQ_CST);
}

static unsigned cell_flags(struct dt_chunk *c, uintptr_t addr)
{
    uint8_t flags = __atomic_load_n(dt_page_flag(c, addr), __ATOMIC_RELAXED);
    return flags & (DT_PAGE_OVERFLOW | DT_PAGE_TOUCHED);
}

/* Whole pages of one chunk. */
static void clear_pages(struct dt_chunk *c, uintptr_t addr, uintptr_t end)
{
    while (addr < end) {
        uintptr_t next = addr + DT_PAGE;
        unsigned flags = cell_flags(c, addr);
        if (flags & DT_PAGE_OVERFLOW) {
            clear_overflow_page(c, addr);
        } else if (flags) {
            while (next < end && cell_flags(c, next) == DT_PAGE_TOUCHED)
                next += DT_PAGE;
            clear_touched(c, addr, next);
        }
        addr = next;
    }
}

/* Whole granules of one page, or few. */
static void clear_some(struct dt_chunk *c, uintptr_t addr, uintptr_t end)
{
    if (end - addr < LOOK_FROM || cell_flags(c, addr))
        clear_cells(addr, (end - addr) / 8);
}

/* Whole granules of one chunk. */
static void clear_whole(uintptr_t addr, uintptr_t end)
{
    struct dt_chunk *c = dt_chunk_of(addr);
    uintptr_t first = (addr + DT_PAGE - 1) & ~(uintptr_t)(DT_PAGE - 1);
    uintptr_t last = end & ~(uintptr_t)(DT_PAGE - 1);
    if (end - addr < LOOK_FROM || first > last) {
        clear_some(c, addr, end);
        return;
    }
    clear_some(c, addr, first);
    clear_pages(c, first, last);
    clear_some(c, last, end);
}

static void clear_part(uintptr_t addr, unsigned mask)
{
    uint64_t *cells = dt_shadow_find(addr);
    if (cells)
        dt_granule_clear(addr & ~(uintptr_t)7, cells, mask);
}

static bool is_range(uintptr_t addr, size_t size)
{
    return size && addr + size > addr && addr + size <= DT_ADDRESS_END;
}

/* No page of it has meta words; asked of what lies in one chunk, such as a stack. */
static bool has_no_meta(uintptr_t addr, size_t size)
{
    uintptr_t last = addr + size - 1;
    struct dt_chunk *c = dt_chunk_of(addr);
    if (!c || dt_chunk_index(addr) != dt_chunk_index(last) || size < DT_PAGE)
        return false;
    uint8_t any = 0;
    for (const uint8_t *f = dt_page_flag(c, addr); f <= dt_page_flag(c, last); f++)
        any |= __atomic_load_n(f, __ATOMIC_RELAXED);
    return !(any & DT_PAGE_META);
}

void dt_range_clear(uintptr_t addr, size_t size)
{
    if (!is_range(addr, size))
        return;
    if (!has_no_meta(addr, size))
        dt_meta_clear(addr, size, true);
    dt_range_clear_cells(addr, size);
}

void dt_range_clear_cells(uintptr_t addr, size_t size)
{
    uintptr_t end = addr + size;
    if (!is_range(addr, size))
        return;
    if (addr & 7) {
        clear_part(addr, mask_of(addr, end));
        addr = (addr | 7) + 1;
    }
    while (addr < end && end - addr >= 8) {
        uintptr_t chunk_end = (addr | (DT_CHUNK_SIZE - 1)) + 1;
        uintptr_t stop = (end < chunk_end ? end : chunk_end) & ~(uintptr_t)7;
        if (dt_shadow_find(addr))
            clear_whole(addr, stop);
        addr = stop;
    }
    if (addr < end)
        clear_part(addr, mask_of(addr, end));
}
