/* SPDX-License-Identifier: MIT
 *
 * Segment ids. They are handed out 64 at a time (a word of a bitmap) to shards, from those
 * that the last sweep found free, then from never used ids. When the latter are gone and many
 * were made since, a sweep is asked for, long before the ids run out. Lock order: shard, then
 * refill.
 */
#include "base/dalloc.h"
#include "base/out.h"
#include "base/pool.h"
#include "core/core.h"
#include "core/segment.h"
#include "core/sweep.h"

enum { WORDS = (DT_MAX_SEGMENTS + 1) / 64, SHARDS = 16, FIRST_SWEEP = 1 << 20 };

struct dt_segment *dt_segments;
static struct dt_pool table;  /* ids only grow in it; side: task info of the segment */
static uint64_t *free_bits;   /* found free by the last sweep and not handed out since */
static uint64_t *marks;       /* while a sweep marks: in use, or handed out meanwhile */
static uint64_t *mark_memory; /* kept between sweeps */
static uint32_t cursor;       /* free_bits words below it have been handed out */
static uint32_t free_words_end;
static uint32_t sweep_at = FIRST_SWEEP; /* fresh ids before the next sweep */
static uint32_t in_use;                 /* atomic, in whole words */
static dt_lock refill_lock;

static struct shard {
    dt_lock lock;
    uint32_t word;
    uint64_t bits;
} __attribute__((aligned(64))) shards[SHARDS];

void dt_segment_init(void)
{
    dt_pool_init(&table, "epochs", sizeof(struct dt_segment), sizeof(uint32_t), DT_MAX_SEGMENTS);
    dt_segments = (struct dt_segment *)table.base;
    dt_pool_fresh(&table, 63); /* id 0 is "none"; the first word is left out */
}

uint32_t dt_segment_count(void)
{
    return __atomic_load_n(&in_use, __ATOMIC_RELAXED);
}

static bool from_freed(struct shard *s)
{
    for (; cursor < free_words_end; cursor++) {
        if (!free_bits[cursor])
            continue;
        s->word = cursor;
        s->bits = free_bits[cursor];
        free_bits[cursor++] = 0;
        return true;
    }
    return false;
}

static bool from_fresh(struct shard *s)
{
    uint32_t first = dt_pool_fresh(&table, 64);
    if (!first)
        return false;
    s->word = first / 64;
    s->bits = ~(uint64_t)0;
    return true;
}

static bool refill(struct shard *s)
{
    dt_lock_take(&refill_lock);
    bool ok = from_freed(s);
    if (!ok && __atomic_load_n(&table.next, __ATOMIC_RELAXED) >= sweep_at)
        dt_gate_ask_sweep();
    ok = ok || from_fresh(s);
    dt_lock_drop(&refill_lock);
    if (ok)
        __atomic_fetch_add(&in_use, (uint32_t)__builtin_popcountll(s->bits), __ATOMIC_RELAXED);
    return ok;
}

static uint32_t new_segment(void)
{
    struct shard *s = &shards[dt_thread_hash()];
    uint32_t id = 0;
    dt_lock_take(&s->lock);
    if (s->bits || refill(s)) {
        unsigned bit = (unsigned)__builtin_ctzll(s->bits);
        s->bits &= s->bits - 1;
        id = s->word * 64 + bit;
    }
    dt_lock_drop(&s->lock);
    if (!id)
        dt_die("more than %u epochs are remembered at once: cannot check accesses any more",
            (unsigned)DT_MAX_SEGMENTS);
    return id;
}

void dt_segment_open(struct dt_task *t)
{
    dt_task_renew_epoch(t);
    uint32_t id = new_segment();
    dt_segments[id] = (struct dt_segment){.index = t->index, .epoch = t->epoch};
    ((uint32_t *)table.side_base)[id] = t->info->pool_id;
    if (marks)
        dt_segment_mark(id);
    t->seg = id;
    t->segment = (uint64_t)id << DT_CELL_SEG_SHIFT | DT_CELL_LOW;
}

struct dt_task_info *dt_segment_task(uint32_t seg)
{
    return dt_task_info_at(((uint32_t *)table.side_base)[seg]);
}

void dt_segment_mark_begin(void)
{
    if (!mark_memory) {
        mark_memory = dt_map(WORDS * 8);
        free_bits = dt_map(WORDS * 8);
        if (!mark_memory || !free_bits)
            dt_die("out of memory (the detector wanted %u bytes)", WORDS * 8u);
    }
    for (uint32_t w = 0; w < table.next / 64; w++)
        mark_memory[w] = 0;
    marks = mark_memory;
}

void dt_segment_mark(uint32_t seg)
{
    uint64_t bit = (uint64_t)1 << (seg & 63);
    if (!(__atomic_load_n(&marks[seg >> 6], __ATOMIC_RELAXED) & bit))
        __atomic_fetch_or(&marks[seg >> 6], bit, __ATOMIC_RELAXED);
}

bool dt_segment_is_marked(uint32_t seg)
{
    return marks[seg >> 6] >> (seg & 63) & 1;
}

void dt_segment_each_marked(void (*fn)(uint32_t seg))
{
    for (uint32_t w = 0; w < table.next / 64; w++)
        for (uint64_t bits = marks[w]; bits; bits &= bits - 1)
            fn(w * 64 + (uint32_t)__builtin_ctzll(bits));
}

/* Everybody else is kept out: shards' rests and ids handed out and lost come back here, too. */
void dt_segment_mark_end(void)
{
    uint32_t used = 0;
    free_words_end = table.next / 64;
    for (uint32_t w = 1; w < free_words_end; w++) {
        free_bits[w] = ~marks[w];
        used += (uint32_t)__builtin_popcountll(marks[w]);
    }
    for (unsigned i = 0; i < SHARDS; i++)
        shards[i].bits = 0;
    cursor = 1;
    in_use = used;
    /* Sweep again when as many as are in use now, at least FIRST_SWEEP, have been handed out. */
    uint32_t room = used > FIRST_SWEEP ? used : FIRST_SWEEP;
    uint32_t freed = free_words_end * 64 - used;
    sweep_at = table.next + (room > freed ? room - freed : 0);
    marks = NULL;
}
