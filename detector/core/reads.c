/* SPDX-License-Identifier: MIT
 *
 * Logs of reads, the reader's side: making and filling them. See reads.h; who else looks at them is
 * in reads_look.c.
 */
#include <string.h>

#include "base/dalloc.h"
#include "core/granule.h"
#include "core/node.h"
#include "core/overflow.h"
#include "core/reads_bounded.h"
#include "core/reads_log.h"
#include "core/segment.h"

enum { MAX_LOGS = 1 << DT_LOG_ID_BITS, FIRST_TABLE = 8 };

struct dt_pool dt_coarse_pool, dt_fine_pool;
struct dt_reader dt_no_reader = {.table = (uint64_t[1]){0}, .first = 1, .next = 1, .again = 1};
uint32_t dt_reads_version;
bool dt_reads_bounded;
struct dt_read_limit dt_read_limit = {.nearly_full = 0xc000, .keep = 0x6000, .last = 0xfffe};

void dt_reads_init(void)
{
    unsigned field = sizeof(uint16_t), info = sizeof(struct dt_log_info);
    dt_pool_init(&dt_coarse_pool, "logs of reads", DT_LOG_COARSE * field, info, MAX_LOGS / 2);
    dt_pool_alloc(&dt_coarse_pool); /* so that log 0 can be looked at */
    dt_pool_init(&dt_fine_pool, "fine logs of reads", DT_LOG_FINE * field, info, MAX_LOGS / 8);
}

void dt_reads_begin(struct dt_task *t)
{
    if (t->reads != &dt_no_reader)
        return;
    struct dt_reader *r = dt_alloc(sizeof *r);
    r->table = dt_alloc(FIRST_TABLE * sizeof *r->table);
    r->mask = FIRST_TABLE - 1;
    r->first = r->next = r->again = 1;
    r->part[0] = dt_alloc(32 * sizeof *r->part[0]);
    r->version = __atomic_load_n(&dt_reads_version, __ATOMIC_SEQ_CST);
    t->reads = r;
    dt_reads_enlist(r);
}

/* --- logs --- */

/* What is not at its own place changes places with what is there, so that the hot path finds it
 * next time. Both can still be found: there is no free entry between the two. */
static uint64_t find_to_front(struct dt_reader *r, uintptr_t addr)
{
    uint64_t *front = &r->table[(addr >> DT_REGION_SHIFT) & r->mask], *slot = dt_log_slot(r, addr);
    uint64_t e = *slot;
    if (e && slot != front) {
        __atomic_store_n(slot, *front, __ATOMIC_RELEASE);
        __atomic_store_n(front, e, __ATOMIC_RELEASE);
    }
    return e;
}

/* A handler may look at any time: the larger table is complete before it is shown, and the mask
 * grows after the table. */
static void grow_table(struct dt_reader *r)
{
    uint64_t *old = r->table, size = r->mask + 1;
    struct dt_reader bigger = {.mask = 2 * size - 1};
    bigger.table = dt_alloc(2 * size * sizeof *old);
    for (uint64_t i = 0; i < size; i++)
        if (old[i])
            *dt_log_slot(&bigger, old[i] >> DT_LOG_REGION_SHIFT << DT_REGION_SHIFT) = old[i];
    __atomic_store_n(&r->table, bigger.table, __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&r->mask, bigger.mask, __ATOMIC_RELEASE);
    dt_free(old, size * sizeof *old);
}

static uint64_t new_log(struct dt_reader *r, uintptr_t addr, bool fine, const uint16_t *coarse)
{
    uint32_t id = dt_pool_alloc(fine ? &dt_fine_pool : &dt_coarse_pool);
    uint32_t name = fine ? id | DT_LOG_NAME_FINE : id;
    uint16_t *f = dt_log_fields(name);
    memset(f, 0, (fine ? DT_LOG_FINE : DT_LOG_COARSE) * sizeof *f);
    for (unsigned i = 0; coarse && i < DT_LOG_FINE; i++)
        f[i] = coarse[i / 4];
    struct dt_log_info *info = dt_log_info(name);
    info->reader = r;
    info->region = addr >> DT_REGION_SHIFT;
    info->retired = 0;
    uint32_t *head = dt_readers_of(dt_chunk_of(addr), addr);
    uint32_t next = __atomic_load_n(head, __ATOMIC_RELAXED);
    do
        __atomic_store_n(&info->next, next, __ATOMIC_RELAXED);
    while (
        !__atomic_compare_exchange_n(head, &next, name, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    uint64_t region = addr >> DT_REGION_SHIFT;
    return region << DT_LOG_REGION_SHIFT | (fine ? DT_LOG_IS_FINE : 0) | id;
}

void dt_log_enter(struct dt_reader *r, uintptr_t addr, uint64_t e)
{
    if (2 * (r->used + 1) > r->mask)
        grow_table(r);
    uint64_t *slot = dt_log_slot(r, addr);
    r->used += *slot == 0;
    __atomic_store_n(slot, e, __ATOMIC_RELEASE);
}

static uint64_t make_log(struct dt_reader *r, uintptr_t addr, bool fine)
{
    uint64_t e = new_log(r, addr, fine, NULL);
    dt_log_enter(r, addr, e);
    return e;
}

/* Clearing may go on in the coarse log meanwhile. What it zeroes before the fine one is in the list
 * we see afterwards; else it sees the fine one and clears that, too. */
static uint64_t make_fine(struct dt_reader *r, uintptr_t addr, uint64_t e)
{
    uint16_t copy[DT_LOG_COARSE];
    uint32_t old = dt_log_name(e);
    const uint16_t *coarse = dt_log_fields(old);
    for (unsigned i = 0; i < DT_LOG_COARSE; i++)
        copy[i] = __atomic_load_n(&coarse[i], __ATOMIC_RELAXED);
    e = new_log(r, addr, true, copy);
    uint16_t *fine = dt_log_fields(dt_log_name(e));
    for (unsigned i = 0; i < DT_LOG_COARSE; i++)
        if (copy[i] && !__atomic_load_n(&coarse[i], __ATOMIC_ACQUIRE))
            for (unsigned j = 0; j < 4; j++)
                __atomic_store_n(&fine[4 * i + j], 0, __ATOMIC_RELAXED);
    dt_log_info(old)->retired = r->retired;
    r->retired = old;
    __atomic_store_n(dt_log_slot(r, addr), e, __ATOMIC_RELEASE);
    return e;
}

/* --- the table of reads --- */

/* 0: it is full. */
static uint32_t add_read(struct dt_reader *r, uint32_t seg, uint32_t origin)
{
    uint32_t index = r->next, part = dt_read_part(index);
    if (index > dt_read_limit.last)
        return 0;
    if (!r->part[part])
        __atomic_store_n(&r->part[part], dt_alloc(dt_read_part_size(part) * sizeof *r->part[part]),
            __ATOMIC_RELEASE);
    r->part[part][index - dt_read_part_start(part)] = (struct dt_read){seg, origin};
    __atomic_store_n(&r->last_seg, seg, __ATOMIC_RELEASE);
    __atomic_store_n(&r->next, index + 1, __ATOMIC_RELEASE);
    if (index == dt_read_limit.nearly_full)
        dt_reads_want_purge(0, true);
    return index;
}

static inline uint32_t read_index(struct dt_reader *r, uint64_t x)
{
    uint32_t origin = (uint32_t)(x & DT_CELL_ORIGIN), slot = origin % DT_READ_RECENT;
    if (r->recent[slot].origin == origin && r->recent[slot].read >= r->first)
        return r->recent[slot].read;
    uint32_t index = add_read(r, dt_cell_seg(x), origin);
    r->recent[slot].origin = origin;
    r->recent[slot].read = index;
    return index;
}

static void note_in_ring(struct dt_task *t, uintptr_t granule)
{
    struct dt_reader *r = t->reads;
    if (r->n_ring == DT_READ_RING)
        dt_reads_flush_slow(t, t);
    r->ring[r->n_ring++] = granule;
}

static bool whole_fields(unsigned bytes)
{
    return bytes == 0x0f || bytes == 0xf0 || bytes == 0xff;
}

uint32_t dt_reads_index(struct dt_task *t, uint64_t pc)
{
    uint64_t x = (uint64_t)t->seg << DT_CELL_SEG_SHIFT | dt_node_origin(t, pc);
    uint32_t index = read_index(t->reads, x);
    dt_origin_slot(t, pc)->read = index;
    return index;
}

void dt_reads_remember_index(struct dt_task *t, uint64_t pc, uint64_t x)
{
    struct dt_origin_cache *c = dt_origin_slot(t, pc);
    if (c->pc == pc && c->origin == (x & DT_CELL_ORIGIN) && t->reads->next > t->reads->first)
        c->read = read_index(t->reads, x);
}

bool dt_reads_full(struct dt_reader *r, uint64_t x)
{
    return r->next > dt_read_limit.last && !read_index(r, x);
}

bool dt_reads_record(struct dt_task *t, uintptr_t granule, uint64_t x)
{
    struct dt_reader *r = t->reads;
    unsigned bytes = (unsigned)((x & DT_CELL_MASK) >> DT_CELL_MASK_SHIFT);
    if (__builtin_expect(dt_reads_bounded, 0) && dt_reads_may_forget(r, granule, x))
        return true;
    uint16_t index = (uint16_t)read_index(r, x);
    if (!index)
        return false;
    note_in_ring(t, granule);
    uint64_t e = find_to_front(r, granule);
    if (dt_log_is_none(e))
        e = make_log(r, granule, !whole_fields(bytes));
    if (!(e & DT_LOG_IS_FINE) && !whole_fields(bytes))
        e = make_fine(r, granule, e);
    uint16_t *f = dt_log_fields(dt_log_name(e));
    if (!(e & DT_LOG_IS_FINE)) {
        f += (granule & (DT_LOG_BYTES - 1)) >> 2;
        if (bytes & 0x0f)
            __atomic_store_n(&f[0], index, __ATOMIC_RELEASE);
        if (bytes & 0xf0)
            __atomic_store_n(&f[1], index, __ATOMIC_RELEASE);
        return true;
    }
    f += granule & (DT_LOG_BYTES - 1);
    for (unsigned b = 0; b < 8; b++)
        if (bytes >> b & 1)
            __atomic_store_n(&f[b], index, __ATOMIC_RELEASE);
    return true;
}

void dt_log_granule(uint32_t name, uintptr_t granule, uint32_t ret_index[8])
{
    const uint16_t *f = dt_log_fields(name);
    unsigned shift = name & DT_LOG_NAME_FINE ? 0 : 2;
    f += (granule & (DT_LOG_BYTES - 1)) >> shift;
    for (unsigned b = 0; b < 8; b++)
        ret_index[b] = __atomic_load_n(&f[b >> shift], __ATOMIC_ACQUIRE);
}

uint64_t dt_log_mask(const uint32_t index[8], uint32_t first)
{
    uint64_t mask = 0;
    for (unsigned b = 0; b < 8; b++)
        if (index[b] && index[b] >= first)
            mask |= (uint64_t)1 << (b + DT_CELL_MASK_SHIFT);
    return mask;
}

uint64_t dt_reads_own(const struct dt_task *t, uintptr_t granule)
{
    uint64_t e = dt_log_find(t->reads, granule);
    uint32_t index[8];
    if (!e)
        return 0;
    dt_log_granule(dt_log_name(e), granule, index);
    return dt_log_mask(index, t->reads->first);
}

uint64_t dt_log_next_element(const struct dt_reader *r, uint32_t index[8])
{
    unsigned b = 0;
    while (b < 8 && !index[b])
        b++;
    if (b == 8)
        return 0;
    uint32_t i = index[b];
    struct dt_read read = dt_read_at(r, i);
    uint64_t e = (uint64_t)read.seg << DT_CELL_SEG_SHIFT | DT_CELL_P | read.origin;
    for (; b < 8; b++) {
        if (index[b] == i) {
            e |= (uint64_t)1 << (b + DT_CELL_MASK_SHIFT);
            index[b] = 0;
        }
    }
    return e;
}
