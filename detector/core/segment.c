/* SPDX-License-Identifier: MIT
 *
 * Runs of segment ids. A task takes a run that the last sweep found free, else one that was never
 * used. When the former are gone and many of the latter were taken, a sweep is asked for, long
 * before the ids run out.
 */
#include "base/dalloc.h"
#include "base/out.h"
#include "base/pool.h"
#include "core/core.h"
#include "core/node.h"
#include "core/segment.h"
#include "core/sweep.h"

/* The last run holds the id DT_CELL_SPECIAL and is not used. */
enum { MAX_RUNS = 1 << (DT_CELL_SEG_BITS - DT_RUN_BITS), WORDS = MAX_RUNS / 64 };
enum { FIRST_SWEEP = 1 << 16 };

struct dt_run *dt_runs;
static struct dt_pool table;      /* ids only grow in it; side: task info of the run */
static struct dt_pool locksets;   /* by run alike: lock sets of its segments */
static uint64_t free_bits[WORDS]; /* found free by the last sweep and not taken since */
static uint64_t mark_bits[WORDS];
static bool marking;     /* changes with everybody else kept out */
static uint32_t cursor;  /* free_bits words below it are empty */
static uint32_t n_words; /* of free_bits in use */
static uint32_t in_use;
static uint32_t sweep_at = FIRST_SWEEP; /* never used runs below this before the next sweep */
static dt_lock lock;                    /* all of the above, but for marks */

void dt_segment_init(void)
{
    dt_pool_init(&table, "epochs", sizeof(struct dt_run), sizeof(uint32_t), MAX_RUNS - 1);
    dt_runs = (struct dt_run *)table.base;
    dt_pool_init(&locksets, "epochs", DT_RUN * sizeof(dt_lockset), 0, MAX_RUNS - 1);
    if (locksets.max < table.max)
        table.max = locksets.max;
}

uint32_t dt_segment_runs(void)
{
    return __atomic_load_n(&in_use, __ATOMIC_RELAXED);
}

static uint32_t take_freed(void)
{
    for (; cursor < n_words; cursor++) {
        uint64_t *bits = &free_bits[cursor];
        if (!*bits)
            continue;
        uint32_t run = cursor * 64 + (uint32_t)__builtin_ctzll(*bits);
        *bits &= *bits - 1;
        return run;
    }
    return 0;
}

static uint32_t take_run(void)
{
    dt_lock_take(&lock);
    uint32_t run = take_freed();
    if (!run) {
        if (table.next >= sweep_at)
            dt_gate_ask_sweep();
        run = dt_pool_fresh(&table, 1);
        dt_pool_fresh(&locksets, 1);
    }
    in_use++;
    dt_lock_drop(&lock);
    if (!run)
        dt_die("more than %u epochs are remembered at once: cannot check accesses any more",
            (unsigned)DT_MAX_SEGMENTS);
    return run;
}

static void mark_run(uint32_t run)
{
    uint64_t bit = (uint64_t)1 << (run & 63);
    if (!(__atomic_load_n(&mark_bits[run >> 6], __ATOMIC_RELAXED) & bit))
        __atomic_fetch_or(&mark_bits[run >> 6], bit, __ATOMIC_RELAXED);
}

/* --- lock sets that origins cannot name. Until there is one the table stays untouched. --- */

static bool has_locksets; /* atomic */

static dt_lockset *lockset_of(uint32_t seg)
{
    return (dt_lockset *)locksets.base + seg;
}

static void set_lockset(uint32_t seg, dt_lockset set)
{
    if (__atomic_load_n(lockset_of(seg), __ATOMIC_RELAXED) != set)
        __atomic_store_n(lockset_of(seg), set, __ATOMIC_RELAXED);
}

dt_lockset dt_segment_lockset(uint32_t seg)
{
    return __atomic_load_n(lockset_of(seg), __ATOMIC_RELAXED);
}

void dt_segment_locks_grew(struct dt_task *t)
{
    if (!__atomic_load_n(&has_locksets, __ATOMIC_RELAXED))
        __atomic_store_n(&has_locksets, true, __ATOMIC_RELAXED);
    if (t->seg)
        set_lockset(t->seg, t->lockset);
}

/* Of a run that is taken again they may be freed ones. */
static void clear_locksets(uint32_t run)
{
    for (uint32_t i = 0; i < DT_RUN; i++)
        set_lockset(run << DT_RUN_BITS | i, 0);
}

static void mark_locksets(uint32_t run)
{
    for (uint32_t i = 0; i < DT_RUN; i++)
        dt_lockset_mark(*lockset_of(run << DT_RUN_BITS | i));
}

static void new_run(struct dt_task *t)
{
    t->run = take_run();
    if (__atomic_load_n(&has_locksets, __ATOMIC_RELAXED))
        clear_locksets(t->run);
    dt_runs[t->run] = (struct dt_run){.index = t->index, .first = t->epoch};
    ((uint32_t *)table.side_base)[t->run] = t->info->pool_id;
    if (marking)
        mark_run(t->run);
}

void dt_segment_open(struct dt_task *t)
{
    dt_task_renew_epoch(t);
    const struct dt_run *r = &dt_runs[t->run];
    if (!t->run || r->index != t->index || t->epoch - r->first >= DT_RUN)
        new_run(t);
    t->seg = t->run << DT_RUN_BITS | (t->epoch - dt_runs[t->run].first);
    t->segment = (uint64_t)t->seg << DT_CELL_SEG_SHIFT | DT_CELL_LOW;
    if (__builtin_expect(t->lockset >= DT_NODE_LOCKS_COUNT, 0))
        set_lockset(t->seg, t->lockset);
}

static struct dt_task_info *task_of_run(uint32_t run)
{
    return dt_task_info_at(((uint32_t *)table.side_base)[run]);
}

struct dt_task_info *dt_segment_task(uint32_t seg)
{
    return task_of_run(seg >> DT_RUN_BITS);
}

void dt_segment_mark_begin(void)
{
    for (uint32_t w = 0; w <= table.next / 64; w++)
        mark_bits[w] = 0;
    marking = true;
}

void dt_segment_mark(uint32_t seg)
{
    mark_run(seg >> DT_RUN_BITS);
}

void dt_segment_each_marked(void (*fn)(dt_index index, struct dt_task_info *task))
{
    for (uint32_t w = 0; w <= table.next / 64; w++) {
        for (uint64_t bits = mark_bits[w]; bits; bits &= bits - 1) {
            uint32_t run = w * 64 + (uint32_t)__builtin_ctzll(bits);
            fn(dt_runs[run].index, task_of_run(run));
            if (has_locksets)
                mark_locksets(run);
        }
    }
}

void dt_segment_mark_end(void)
{
    uint32_t used = 0;
    n_words = table.next / 64; /* a last, incomplete word waits for the next sweep */
    for (uint32_t w = 0; w < n_words; w++) {
        free_bits[w] = ~mark_bits[w];
        used += (uint32_t)__builtin_popcountll(mark_bits[w]);
    }
    free_bits[0] &= ~(uint64_t)1; /* run 0 is "none" */
    cursor = 0;
    in_use = used;
    /* Sweep again when as many as are in use now, at least FIRST_SWEEP, have been taken. */
    uint32_t room = used > FIRST_SWEEP ? used : FIRST_SWEEP, freed = n_words * 64 - used;
    sweep_at = table.next + (room > freed ? room - freed : 0);
    marking = false;
}
