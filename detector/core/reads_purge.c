/* SPDX-License-Identifier: MIT
 *
 * What keeps logs of reads bounded. An ended task's logs go when all live tasks know its end: no
 * access can race with what is in them. A table of reads that is nearly full loses the entries that
 * no field names any more, so that the indices begin low again; if too many are named, the oldest
 * become elements of their granules.
 *
 * All of it with the gate closed: nobody looks at a log, holds an index, or stores one.
 */
#include <string.h>

#include "base/dalloc.h"
#include "core/core.h"
#include "core/granule.h"
#include "core/node.h"
#include "core/overflow.h"
#include "core/past.h"
#include "core/reads.h"
#include "core/reads_log.h"
#include "core/segment.h"
#include "core/sweep.h"

/* A log is worth so many steps of a search for those that are not needed any more. */
enum { LEAST_DEAD = 256, WORTH = 512, MANY_LOOKS = 1 << 20 };

static struct dt_reader *readers;                   /* atomic; all */
static uint32_t dead_logs, dead_limit = LEAST_DEAD; /* atomic, hints */
static uint16_t new_index[1 << 16];                 /* gate closed */

void dt_reads_enlist(struct dt_reader *r)
{
    r->link = __atomic_load_n(&readers, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(
        &readers, &r->link, r, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}

void dt_reads_want_purge(unsigned logs, bool full)
{
    uint32_t n = __atomic_add_fetch(&dead_logs, logs, __ATOMIC_RELAXED);
    if (full || n > __atomic_load_n(&dead_limit, __ATOMIC_RELAXED))
        dt_gate_ask_purge();
}

void dt_reads_end(struct dt_task *t)
{
    struct dt_reader *r = t->reads;
    if (r == &dt_no_reader)
        return;
    r->n_ring = 0;
    r->index = t->index;
    r->epoch = t->epoch;
    t->reads = &dt_no_reader;
    __atomic_store_n(&r->dead, true, __ATOMIC_RELEASE);
    dt_reads_want_purge(r->used, false);
}

void dt_reads_mark(void (*mark)(uint32_t seg, dt_stackid origin))
{
    const struct dt_reader *r = __atomic_load_n(&readers, __ATOMIC_ACQUIRE);
    for (; r; r = r->link) {
        uint32_t next = __atomic_load_n(&r->next, __ATOMIC_ACQUIRE);
        for (uint32_t i = 1; i < next; i++) {
            struct dt_read read = dt_read_at(r, i);
            mark(read.seg, read.origin);
        }
    }
}

/* --- dropping logs --- */

enum { GONE = 0xffffffff };

static void free_log(uint32_t name)
{
    dt_log_info(name)->next = GONE;
    if (name & DT_LOG_NAME_FINE)
        dt_pool_free(&dt_fine_pool, name & ~DT_LOG_NAME_FINE);
    else
        dt_pool_free(&dt_coarse_pool, name);
}

/* Takes out of a region's list the logs that have no reader any more. */
static void filter(uint64_t region)
{
    uintptr_t addr = region << DT_REGION_SHIFT;
    uint32_t *link = dt_readers_of(dt_chunk_of(addr), addr);
    while (*link) {
        uint32_t name = *link;
        if (dt_log_info(name)->reader) {
            link = &dt_log_info(name)->next;
        } else {
            *link = dt_log_info(name)->next;
            free_log(name);
        }
    }
}

static void each_log(struct dt_reader *r, void (*fn)(struct dt_reader *r, uint32_t name))
{
    for (uint64_t i = 0; i <= r->mask; i++)
        if (!dt_log_is_none(r->table[i]))
            fn(r, dt_log_name(r->table[i]));
}

static void each_retired(struct dt_reader *r, void (*fn)(struct dt_reader *r, uint32_t name))
{
    for (uint32_t name = r->retired, next; name; name = next) {
        next = dt_log_info(name)->retired;
        fn(r, name);
    }
}

static void disown(struct dt_reader *r, uint32_t name)
{
    (void)r;
    dt_log_info(name)->reader = NULL;
}

static void take_out(struct dt_reader *r, uint32_t name)
{
    (void)r;
    if (dt_log_info(name)->next != GONE)
        filter(dt_log_info(name)->region);
}

static void drop_retired(void)
{
    for (struct dt_reader *r = readers; r; r = r->link)
        each_retired(r, disown);
    for (struct dt_reader *r = readers; r; r = r->link) {
        each_retired(r, take_out);
        r->retired = 0;
    }
}

static void free_reader(struct dt_reader *r)
{
    for (uint32_t p = 0; p < DT_READ_PARTS; p++)
        if (r->part[p])
            dt_free(r->part[p], dt_read_part_size(p) * sizeof *r->part[p]);
    dt_free(r->table, (r->mask + 1) * sizeof *r->table);
    dt_free(r, sizeof *r);
}

static void drop_dead(void)
{
    for (struct dt_reader *r = readers; r; r = r->link)
        if (r->dropped)
            each_log(r, disown);
    for (struct dt_reader *r = readers; r; r = r->link)
        if (r->dropped)
            each_log(r, take_out);
    struct dt_reader **link = &readers;
    uint32_t left = 0;
    while (*link) {
        struct dt_reader *r = *link;
        if (r->dropped) {
            *link = r->link;
            free_reader(r);
            continue;
        }
        if (r->dead)
            left += r->used;
        link = &r->link;
    }
    dead_logs = left;
    dead_limit = LEAST_DEAD + 2 * left + (uint32_t)(dt_past_cost() / WORTH);
}

/* Of indices that the common past does not have: what does a live task not know? */
static void keep_unknown(struct dt_task *t, void *arg)
{
    uint32_t *looks = arg;
    if (t->ended)
        return;
    for (struct dt_reader *r = readers; r && *looks; r = r->link, --*looks)
        if (r->dropped && r->index >= DT_PAST_INDICES && !dt_task_knows(t, r->index, r->epoch))
            r->dropped = false;
}

static void choose_dead(void)
{
    uint32_t looks = MANY_LOOKS;
    dt_past_find();
    for (struct dt_reader *r = readers; r; r = r->link)
        r->dropped = r->dead &&
                     (r->used == 0 || r->index >= DT_PAST_INDICES || r->epoch <= dt_past[r->index]);
    dt_task_each(keep_unknown, &looks);
    for (struct dt_reader *r = readers; r && !looks; r = r->link) /* not all was looked at */
        r->dropped &= r->index < DT_PAST_INDICES;
}

/* --- tables --- */

static uint32_t fields_in(uint32_t name)
{
    return name & DT_LOG_NAME_FINE ? DT_LOG_FINE : DT_LOG_COARSE;
}

static void see_fields(struct dt_reader *r, uint32_t name)
{
    (void)r;
    const uint16_t *f = dt_log_fields(name);
    for (uint32_t i = 0; i < fields_in(name); i++)
        new_index[f[i]] = 1;
}

static void renumber_fields(struct dt_reader *r, uint32_t name)
{
    (void)r;
    uint16_t *f = dt_log_fields(name);
    for (uint32_t i = 0; i < fields_in(name); i++)
        f[i] = new_index[f[i]];
}

static void into_granule(struct dt_reader *r, uintptr_t granule, uint64_t e)
{
    if (dt_past_has(dt_cell_seg(e)))
        return;
    if (dt_reads_bounded) {
        r->not_remembered++;
        return;
    }
    uint64_t *cells = dt_shadow_of(granule);
    uint64_t second = dt_over_lock(cells);
    if (!second)
        return; /* memory was cleared while it was read */
    uint32_t block = dt_over_add((uint32_t)(second & DT_OVER_BLOCK), e);
    dt_over_unlock(cells, cells[0], (second & ~DT_OVER_BLOCK) | block);
}

static uint32_t evict_below; /* index */

static void evict_fields(struct dt_reader *r, uint32_t name)
{
    uintptr_t begin = dt_log_info(name)->region << DT_REGION_SHIFT;
    for (uintptr_t granule = begin; granule < begin + DT_LOG_BYTES; granule += 8) {
        uint32_t index[8];
        dt_log_granule(name, granule, index);
        for (unsigned b = 0; b < 8; b++)
            if (index[b] >= evict_below)
                index[b] = 0;
        for (uint64_t e; (e = dt_log_next_element(r, index)) != 0;)
            into_granule(r, granule, e);
    }
    uint16_t *f = dt_log_fields(name);
    for (uint32_t i = 0; i < fields_in(name); i++)
        if (f[i] < evict_below)
            f[i] = 0;
}

/* Which indices are named: 1 in new_index. Leaves at most dt_read_limit.keep of them. */
static void look_what_is_used(struct dt_reader *r)
{
    memset(new_index, 0, sizeof new_index);
    each_log(r, see_fields);
    uint32_t n = 0;
    evict_below = r->next;
    while (evict_below > 1 && n < dt_read_limit.keep)
        n += new_index[--evict_below];
    if (evict_below > 1)
        each_log(r, evict_fields);
    memset(new_index, 0, evict_below * sizeof *new_index);
    new_index[0] = 0;
}

static void compact(struct dt_reader *r)
{
    uint32_t next = 1, first = 0, again = 0, end = r->next;
    look_what_is_used(r);
    r->last_seg = 0;
    for (uint32_t i = 1; i < end; i++) {
        if (i == r->first)
            first = next;
        if (i == r->again)
            again = next;
        if (!new_index[i])
            continue;
        struct dt_read read = dt_read_at(r, i);
        new_index[i] = (uint16_t)next;
        r->part[dt_read_part(next)][next - dt_read_part_start(dt_read_part(next))] = read;
        r->last_seg = read.seg;
        next++;
    }
    each_log(r, renumber_fields);
    r->first = first ? first : next;
    r->again = again ? again : next;
    r->next = next;
    memset(r->recent, 0, sizeof r->recent);
}

static void flush_other(struct dt_task *t, void *arg)
{
    struct dt_task *me = arg;
    if (t != me)
        dt_reads_flush(t, me);
}

void dt_reads_flush_all(struct dt_task *me)
{
    dt_reads_flush(me, me);
    dt_task_each(flush_other, me);
}

static void forget_indices(struct dt_task *t, void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < DT_ORIGIN_CACHE; i++)
        t->origins[i].read = 0;
}

static void purge(struct dt_task *me)
{
    dt_reads_flush_all(me);
    choose_dead();
    drop_retired();
    drop_dead();
    for (struct dt_reader *r = readers; r; r = r->link)
        if (r->next > dt_read_limit.nearly_full)
            compact(r);
    dt_task_each(forget_indices, NULL);
}

void dt_reads_purge(struct dt_task *me)
{
    if (!dt_sweep_keep_out())
        return;
    dt_reads_flush(me, me);
    if (dt_gate_close(me)) {
        dt_gate_purge_done();
        purge(me);
        dt_gate_open();
    }
    dt_sweep_let_in();
    dt_race_deliver(me);
}

void dt_reads_settle(void)
{
    struct dt_task *me = dt_core_enter();
    dt_reads_flush(me, me);
    if (dt_gate_close(me)) {
        dt_reads_flush_all(me);
        dt_gate_open();
    }
    dt_core_leave(me);
    dt_race_deliver(me);
}

uint64_t dt_reads_not_remembered(void)
{
    uint64_t n = 0;
    const struct dt_reader *r = __atomic_load_n(&readers, __ATOMIC_ACQUIRE);
    for (; r; r = r->link)
        n += r->not_remembered;
    return n;
}
