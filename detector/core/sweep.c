/* SPDX-License-Identifier: MIT
 *
 * Mark and sweep over the touched shadow, made by one task while the others run. docs/shadow.md has
 * the proof; in short:
 *
 *  - A task stores into a granule only elements of its own current segment, and moves elements
 *    within a granule. So a segment that no granule, and no task as its current one, had when it
 * was looked at, and that was not handed out since the beginning, is gone for good.
 *  - Beginning and end are short steps with the gate closed: nobody holds an id in a register then.
 *  - What is handed out or found (contexts) meanwhile is born marked.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/dalloc.h"
#include "core/core.h"
#include "core/lockcount.h"
#include "core/lockgraph.h"
#include "core/map.h"
#include "core/meta.h"
#include "core/node.h"
#include "core/overflow.h"
#include "core/reads.h"
#include "core/segment.h"
#include "core/sweep.h"

static dt_lock sweeping;
static uint64_t sweeps; /* atomic */
static uint32_t round_number = 2;
static uint8_t *indices_seen;
static uint32_t n_indices;

uint64_t dt_sweep_count(void)
{
    return __atomic_load_n(&sweeps, __ATOMIC_RELAXED);
}

/* --- marking --- */

static void mark_info(struct dt_task_info *info)
{
    for (; info && info->marked != round_number; info = info->parent) {
        info->marked = round_number;
        dt_node_mark(info->created);
    }
}

static void mark_cell(uint64_t c)
{
    if (!c)
        return;
    dt_segment_mark(dt_cell_seg(c));
    dt_node_mark((dt_stackid)(c & DT_CELL_ORIGIN));
}

/* False: there is no overflow any more. */
static bool mark_overflow(uint64_t *cells)
{
    uint64_t second = dt_over_lock(cells);
    if (!second)
        return false;
    uint64_t first = __atomic_load_n(&cells[0], __ATOMIC_RELAXED);
    mark_cell(first);
    for (uint32_t b = (uint32_t)(second & DT_OVER_BLOCK); b; b = dt_over_at(b)->next)
        for (unsigned i = 0; i < DT_OVER_CELLS; i++)
            mark_cell(dt_over_at(b)->cells[i]);
    dt_over_unlock(cells, first, second);
    return true;
}

/* Elements move from the first cell to the second and from there to the overflow, and whatever
 * brings one back changes the first: if that one is the same before and after, both were there at
 * once. */
static void mark_granule(uint64_t *cells)
{
    for (;;) {
        uint64_t s0 = __atomic_load_n(&cells[0], __ATOMIC_ACQUIRE);
        uint64_t s1 = __atomic_load_n(&cells[1], __ATOMIC_ACQUIRE);
        if (dt_cell_is_special(s1)) {
            if (mark_overflow(cells))
                return;
            continue;
        }
        if (__atomic_load_n(&cells[0], __ATOMIC_ACQUIRE) != s0)
            continue;
        mark_cell(s0);
        mark_cell(s1);
        return;
    }
}

static void mark_page(uint64_t *cells)
{
    for (unsigned i = 0; i < DT_PAGE / 16; i++, cells += 2)
        if (cells[0] | cells[1])
            mark_granule(cells);
}

/* Which pages of the shadow were ever touched; where the kernel does not tell, all may have been.
 */
static bool touched(int pagemap, uintptr_t page, uint64_t *entries, size_t n)
{
    if (pagemap < 0)
        return false;
    ssize_t want = (ssize_t)(n * sizeof *entries);
    return pread(pagemap, entries, (size_t)want, (off_t)(page / DT_PAGE * 8)) == want;
}

static void mark_chunk(int pagemap, uintptr_t chunk)
{
    enum { AT_ONCE = 512 };
    static uint64_t entries[AT_ONCE];
    char *shadow = (char *)dt_shadow_find(chunk);
    for (size_t page = 0; page < 2 * DT_CHUNK_PAGES; page += AT_ONCE) {
        char *p = shadow + page * DT_PAGE;
        bool known = touched(pagemap, (uintptr_t)p, entries, AT_ONCE);
        for (size_t i = 0; i < AT_ONCE; i++)
            if (!known || entries[i] >> 62)
                mark_page((uint64_t *)(p + i * DT_PAGE));
    }
}

static void mark_shadow(void)
{
    int saved = errno;
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    for (uint32_t n = 0; n < dt_chunk_count(); n++)
        mark_chunk(pagemap, dt_chunk_nth(n));
    if (pagemap >= 0)
        close(pagemap);
    errno = saved;
}

static void mark_block(dt_stackid stack, struct dt_task_info *task)
{
    dt_node_mark(stack);
    mark_info(task);
}

/* --- the steps with the gate closed --- */

/* Frames above the top, too: a handler may use a stale one for an instant. */
static void root_task(struct dt_task *t, void *arg)
{
    (void)arg;
    if (t->run)
        dt_segment_mark(t->run << DT_RUN_BITS); /* it may go on in it */
    mark_info(t->info);
    for (struct dt_frame *f = t->base; t->limit && f <= t->limit; f++)
        dt_node_mark(f->node);
    for (unsigned i = 0; i < DT_ORIGIN_CACHE; i++)
        t->origins[i] = (struct dt_origin_cache){0};
}

/* The task may be younger than the beginning. */
static void keep_task(struct dt_task *t, void *arg)
{
    (void)arg;
    mark_info(t->info);
    dt_lockset_mark(t->lockset);
}

static void forget_ordered(struct dt_task *t, void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < DT_ORDERED_CACHE; i++)
        t->ordered[i] = 0;
}

static void begin(void)
{
    round_number++;
    n_indices = dt_index_end();
    indices_seen = dt_alloc(n_indices + 1);
    dt_index_mark_live(indices_seen, n_indices);
    dt_segment_mark_begin();
    dt_node_mark_begin();
    dt_task_each(root_task, NULL);
}

static void see_run(dt_index i, struct dt_task_info *task)
{
    if (i < n_indices)
        indices_seen[i] = 1;
    mark_info(task);
}

static void see_sync(dt_index i)
{
    if (i < n_indices)
        indices_seen[i] = 1;
}

/* "Who knows this index at this epoch knows all of t's clock": not true of a later task there. */
static void see_witness(struct dt_task *t, void *arg)
{
    (void)arg;
    if (t->witness_epoch && t->witness_index < n_indices)
        indices_seen[t->witness_index] = 1;
}

static void finish(void)
{
    dt_segment_each_marked(see_run);
    dt_sync_each_single(see_sync);
    dt_task_each(see_witness, NULL);
    dt_index_free_unseen(indices_seen, n_indices);
    dt_free(indices_seen, n_indices + 1);
    dt_task_each(keep_task, NULL);
    dt_lockgraph_each_task(mark_info);
    dt_task_info_each_kept(mark_info);
    dt_lockcount_mark();
    dt_task_each(forget_ordered, NULL);
    dt_task_info_sweep(round_number);
    dt_segment_mark_end();
    dt_node_drop_unmarked();
    dt_lockset_drop_unmarked();
    dt_race_forget_recent();
    __atomic_fetch_add(&sweeps, 1, __ATOMIC_RELAXED);
}

bool dt_sweep_keep_out(void)
{
    return dt_lock_try(&sweeping);
}

void dt_sweep_let_in(void)
{
    dt_lock_drop(&sweeping);
}

static void mark_read(uint32_t seg, dt_stackid origin)
{
    dt_segment_mark(seg);
    dt_node_mark(origin);
}

void dt_sweep(struct dt_task *me)
{
    if (!dt_lock_try(&sweeping))
        return;
    if (dt_gate_close(me)) {
        __atomic_fetch_and(&dt_gate, ~(uint32_t)DT_GATE_SWEEP_DUE, __ATOMIC_RELAXED);
        begin();
        dt_gate_open();
        mark_shadow();
        dt_reads_mark(mark_read);
        dt_block_mark_all(mark_block);
        while (!dt_gate_close(me))
            ; /* bounded: each try waits, and who is inside comes out */
        finish();
        dt_gate_open();
    }
    dt_lock_drop(&sweeping);
}
