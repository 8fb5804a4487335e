/* SPDX-License-Identifier: MIT
 *
 * Logs of reads: making, filling, looking, clearing. See reads.h.
 *
 * A reader looks at the granule, stores its field and goes on without a fence; who writes to the
 * granule stores its element, counts dt_reads_version up (a fence), and looks at the logs. It may
 * miss a field that is still on its way. So readers note what they read in a ring, and at the
 * latest before their clock changes or somebody may learn of their epoch they pass a fence and
 * look at the version: if it is the one of the last time, no writer has missed anything; else they
 * look at those granules again, with the clock that they had.
 */
#include <string.h>

#include "base/dalloc.h"
#include "core/granule.h"
#include "core/node.h"
#include "core/overflow.h"
#include "core/reads.h"
#include "core/reads_log.h"
#include "core/segment.h"

enum { MAX_LOGS = 1 << DT_LOG_ID_BITS, FIRST_TABLE = 8 };

struct dt_pool dt_coarse_pool, dt_fine_pool;
struct dt_reader dt_no_reader = {.table = (uint64_t[1]){0}, .first = 1, .next = 1};
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
    r->first = r->next = 1;
    r->part[0] = dt_alloc(32 * sizeof *r->part[0]);
    r->version = __atomic_load_n(&dt_reads_version, __ATOMIC_SEQ_CST);
    t->reads = r;
    dt_reads_enlist(r);
}

/* --- logs --- */

static uint64_t *slot_of(const struct dt_reader *r, uintptr_t addr)
{
    uint64_t region = addr >> DT_REGION_SHIFT;
    for (uint64_t i = region;; i++) {
        uint64_t *e = &r->table[i & r->mask];
        if (!*e || *e >> DT_LOG_REGION_SHIFT == region)
            return e;
    }
}

static uint64_t find(const struct dt_reader *r, uintptr_t addr)
{
    uint64_t e = dt_reads_entry(r, addr);
    return e || r->used == 0 ? e : *slot_of(r, addr);
}

/* What is not at its own place changes places with what is there, so that the hot path finds it
 * next time. Both can still be found: there is no free entry between the two. */
static uint64_t find_to_front(struct dt_reader *r, uintptr_t addr)
{
    uint64_t *front = &r->table[(addr >> DT_REGION_SHIFT) & r->mask], *slot = slot_of(r, addr);
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
            *slot_of(&bigger, old[i] >> DT_LOG_REGION_SHIFT << DT_REGION_SHIFT) = old[i];
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

static uint64_t make_log(struct dt_reader *r, uintptr_t addr, bool fine)
{
    if (2 * (r->used + 1) > r->mask)
        grow_table(r);
    uint64_t e = new_log(r, addr, fine, NULL);
    __atomic_store_n(slot_of(r, addr), e, __ATOMIC_RELEASE);
    r->used++;
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
    __atomic_store_n(slot_of(r, addr), e, __ATOMIC_RELEASE);
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
    uint16_t index = (uint16_t)read_index(r, x);
    if (!index)
        return false;
    note_in_ring(t, granule);
    uint64_t e = find_to_front(r, granule);
    if (!e)
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

static uint64_t mask_from(const uint32_t index[8], uint32_t first)
{
    uint64_t mask = 0;
    for (unsigned b = 0; b < 8; b++)
        if (index[b] && index[b] >= first)
            mask |= (uint64_t)1 << (b + DT_CELL_MASK_SHIFT);
    return mask;
}

uint64_t dt_reads_own(const struct dt_task *t, uintptr_t granule)
{
    uint64_t e = find(t->reads, granule);
    uint32_t index[8];
    if (!e)
        return 0;
    dt_log_granule(dt_log_name(e), granule, index);
    return mask_from(index, t->reads->first);
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

bool dt_reads_skip(struct dt_task *t, uintptr_t granule, uint64_t x)
{
    struct dt_reader *r = t->reads;
    uint64_t e = find(r, granule);
    uint32_t index[8];
    if (!e)
        return false;
    dt_log_granule(dt_log_name(e), granule, index);
    if ((x & DT_CELL_MASK & ~mask_from(index, 1)) || ++r->repeated % 4 == 0)
        return false;
    r->not_remembered++;
    return true;
}

/* --- writers --- */

/* x takes the place of the reads that index[] tells, which are ordered before it. Is nothing left?
 * A field that its owner has changed meanwhile stays. */
static bool replace(uint32_t name, uintptr_t granule, const uint32_t index[8], uint64_t x)
{
    unsigned bytes = (unsigned)((x & DT_CELL_MASK) >> DT_CELL_MASK_SHIFT);
    unsigned shift = name & DT_LOG_NAME_FINE ? 0 : 2, step = 1u << shift;
    unsigned all = (1u << step) - 1;
    uint16_t *f = dt_log_fields(name) + ((granule & (DT_LOG_BYTES - 1)) >> shift);
    bool empty = true;
    for (unsigned b = 0; b < 8; b += step, f++) {
        uint16_t i = (uint16_t)index[b];
        if (i && (x & DT_CELL_P) && (bytes >> b & all) == all)
            __atomic_compare_exchange_n(f, &i, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
        empty &= __atomic_load_n(f, __ATOMIC_RELAXED) == 0;
    }
    return empty;
}

/* One is not ordered: the others are looked at, and all stay. */
static bool look_at_rest(
    struct dt_task *t, const struct dt_reader *r, uintptr_t granule, uint64_t x, uint32_t index[8])
{
    for (uint64_t e; (e = dt_log_next_element(r, index)) != 0;)
        if ((e & x & DT_CELL_MASK) && !dt_segment_ordered(t, dt_cell_seg(e)))
            dt_race_queue(t, granule, x, e, e & x & DT_CELL_MASK);
    return false;
}

/* The newest read in the table is looked at before the fields: those of later ones are not taken
 * for ordered. */
static bool look_at(struct dt_task *t, uint32_t name, uintptr_t granule, uint64_t x)
{
    const struct dt_reader *r = dt_log_info(name)->reader;
    uint32_t next = __atomic_load_n(&r->next, __ATOMIC_ACQUIRE), index[8], left[8];
    uint32_t last = __atomic_load_n(&r->last_seg, __ATOMIC_ACQUIRE);
    bool all_ordered = r == t->reads || !last || dt_segment_ordered(t, last);
    bool empty = true;
    dt_log_granule(name, granule, index);
    for (unsigned b = 0; b < 8; b++) {
        empty &= index[b] == 0;
        all_ordered &= index[b] < next;
        left[b] = index[b];
    }
    if (empty)
        return true;
    for (uint64_t e; !all_ordered && (e = dt_log_next_element(r, left)) != 0;) {
        if (dt_segment_ordered(t, dt_cell_seg(e)))
            continue;
        if (e & x & DT_CELL_MASK)
            dt_race_queue(t, granule, x, e, e & x & DT_CELL_MASK);
        return look_at_rest(t, r, granule, x, left);
    }
    return replace(name, granule, index, x);
}

/* What a reader stores after we looked, it will look at again: the granule was locked when the
 * version changed, so the reader had looked at the granule before. */
bool dt_reads_look(struct dt_task *t, uintptr_t granule, uint64_t x)
{
    bool empty = true;
    __atomic_fetch_add(&dt_reads_version, 1, __ATOMIC_SEQ_CST);
    uint32_t name = __atomic_load_n(dt_readers_of(dt_chunk_of(granule), granule), __ATOMIC_ACQUIRE);
    for (; name; name = __atomic_load_n(&dt_log_info(name)->next, __ATOMIC_ACQUIRE))
        empty &= look_at(t, name, granule, x);
    return empty;
}

/* --- clearing --- */

/* A field of which only a part is cleared. Its owner may store a later read there meanwhile. */
static void clear_part(struct dt_log_info *info, uint16_t *f, unsigned rest,
    void (*keep)(void *arg, uint64_t element), void *arg)
{
    uint16_t i = __atomic_load_n(f, __ATOMIC_ACQUIRE);
    while (i && !__atomic_compare_exchange_n(f, &i, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE))
        ;
    if (!i)
        return;
    struct dt_read read = dt_read_at(info->reader, i);
    keep(arg, (uint64_t)read.seg << DT_CELL_SEG_SHIFT | (uint64_t)rest << DT_CELL_MASK_SHIFT |
                  DT_CELL_P | read.origin);
}

static void clear_log(uint32_t name, uintptr_t granule, unsigned mask,
    void (*keep)(void *arg, uint64_t element), void *arg)
{
    unsigned shift = name & DT_LOG_NAME_FINE ? 0 : 2, step = 1u << shift;
    unsigned all = (1u << step) - 1;
    uint16_t *f = dt_log_fields(name) + ((granule & (DT_LOG_BYTES - 1)) >> shift);
    for (unsigned b = 0; b < 8; b += step, f++) {
        unsigned part = mask >> b & all;
        if (part == all && __atomic_load_n(f, __ATOMIC_RELAXED))
            __atomic_store_n(f, 0, __ATOMIC_RELAXED);
        else if (part && part != all)
            clear_part(dt_log_info(name), f, (all & ~part) << b, keep, arg);
    }
}

/* Logs may be put in front of the list meanwhile, with what a coarse log held (make_fine). */
void dt_reads_clear(
    uintptr_t granule, unsigned mask, void (*keep)(void *arg, uint64_t element), void *arg)
{
    uint32_t *head = dt_readers_of(dt_chunk_of(granule), granule);
    uint32_t first = __atomic_load_n(head, __ATOMIC_ACQUIRE), stop = 0;
    while (first != stop) {
        for (uint32_t name = first; name != stop;
             name = __atomic_load_n(&dt_log_info(name)->next, __ATOMIC_ACQUIRE))
            clear_log(name, granule, mask, keep, arg);
        __atomic_fetch_add(&dt_reads_version, 1, __ATOMIC_SEQ_CST);
        stop = first;
        first = __atomic_load_n(head, __ATOMIC_ACQUIRE);
    }
}

/* --- flushing --- */

/* Own reads that are in no log any more: a part of a coarse field was cleared. */
static void recheck_own(
    struct dt_task *t, uintptr_t granule, const uint64_t *element, unsigned n, uint64_t own)
{
    for (unsigned i = 0; i < n; i++) {
        uint64_t e = element[i], meet = e & own & DT_CELL_MASK;
        if (meet && (e & DT_CELL_W) && dt_cell_seg(e) != dt_cell_seg(own) &&
            !dt_segment_ordered(t, dt_cell_seg(e)))
            dt_race_queue_late(t, granule, own, e, meet);
    }
}

static bool is_own_read(const struct dt_task *t, uint64_t e)
{
    return t->seg && dt_cell_seg(e) == t->seg && (e & DT_CELL_P) && !(e & DT_CELL_W);
}

/* With the granule's elements at hand, `n` of them. */
static void recheck_against(
    struct dt_task *t, uintptr_t granule, const uint64_t *element, unsigned n)
{
    const struct dt_reader *r = t->reads;
    uint64_t entry = find(r, granule);
    uint32_t index[8];
    if (entry) {
        dt_log_granule(dt_log_name(entry), granule, index);
        for (unsigned b = 0; b < 8; b++)
            if (index[b] < r->first)
                index[b] = 0;
        for (uint64_t own; (own = dt_log_next_element(r, index)) != 0;)
            recheck_own(t, granule, element, n, own);
    }
    for (unsigned i = 0; i < n; i++)
        if (is_own_read(t, element[i]))
            recheck_own(t, granule, element, n, element[i]);
}

/* The granule is not read-shared any more: memory was cleared while we read. What is in our log
 * was stored after that: the read counts as the later one and is made again. If t itself does not
 * run now, the read counts as the earlier one. */
static void read_again(struct dt_task *t, uintptr_t granule, uint64_t *cells)
{
    uint64_t entry = find(t->reads, granule);
    uint32_t index[8], left[8];
    if (!entry)
        return;
    dt_log_granule(dt_log_name(entry), granule, index);
    for (unsigned b = 0; b < 8; b++)
        left[b] = index[b] = index[b] < t->reads->first ? 0 : index[b];
    for (uint64_t own; (own = dt_log_next_element(t->reads, left)) != 0;) {
        replace(dt_log_name(entry), granule, index, own);
        dt_granule_access(t, granule, cells, own, false);
    }
}

static void recheck(struct dt_task *t, uintptr_t granule)
{
    enum { MANY = 64 };
    uint64_t *cells = dt_shadow_of(granule), element[MANY];
    uint64_t second = dt_over_lock(cells);
    if (!second || !(second & DT_OVER_READ_SHARED)) {
        if (second)
            dt_over_unlock(cells, __atomic_load_n(&cells[0], __ATOMIC_RELAXED), second);
        read_again(t, granule, cells);
        return;
    }
    uint64_t first = __atomic_load_n(&cells[0], __ATOMIC_RELAXED);
    unsigned n = 0;
    element[n++] = first;
    for (uint32_t b = (uint32_t)(second & DT_OVER_BLOCK); b; b = dt_over_at(b)->next) {
        for (unsigned i = 0; i < DT_OVER_CELLS; i++) {
            if (!dt_over_at(b)->cells[i])
                continue;
            if (n == MANY) {
                recheck_against(t, granule, element, n);
                n = 0;
            }
            element[n++] = dt_over_at(b)->cells[i];
        }
    }
    recheck_against(t, granule, element, n);
    dt_over_unlock(cells, first, second);
}

void dt_reads_flush_slow(struct dt_task *t, struct dt_task *on)
{
    struct dt_reader *r = t->reads;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    uint32_t version = __atomic_load_n(&dt_reads_version, __ATOMIC_RELAXED);
    uint32_t n = r->n_ring;
    r->n_ring = 0;
    if (version == r->version)
        return;
    struct dt_task *before = t->races_to;
    t->races_to = on;
    uintptr_t granules[DT_READ_RING]; /* reads that are made again go to the ring, too */
    memcpy(granules, r->ring, n * sizeof *granules);
    for (uint32_t i = 0; i < n; i++)
        recheck(t, granules[i]);
    t->races_to = before;
    r->version = version;
}
