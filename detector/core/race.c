/* SPDX-License-Identifier: MIT
 *
 * Races on their way from the granule to the report: queued while the task is inside the core,
 * delivered when it has left. What they refer to (stacks, tasks) is pinned or long-lived.
 *
 * A pair of places that races in a loop is delivered once in a while only: a table of recent pairs
 * drops the repetitions, which report/ would drop at a much higher price.
 */
#include "base/dalloc.h"
#include "core/depend.h"
#include "core/granule.h"
#include "core/lockcount.h"
#include "core/node.h"
#include "core/segment.h"
#include "core/sweep.h"

struct dt_race_item {
    struct dt_race_item *next;
    struct dt_race race;
};

void (*dt_on_race)(const struct dt_race *r);
bool dt_race_repeats;

enum { RECENT = 1024 };
static uint64_t recent[RECENT]; /* atomic; pair of origins and kinds */

void dt_race_forget_recent(void)
{
    for (unsigned i = 0; i < RECENT; i++)
        __atomic_store_n(&recent[i], 0, __ATOMIC_RELAXED);
}

static bool is_repetition(uint64_t now, uint64_t earlier)
{
    uint64_t low = DT_CELL_ORIGIN | DT_CELL_W | DT_CELL_P;
    uint64_t a = now & low, b = earlier & low;
    uint64_t pair = a < b ? a | b << 31 : b | a << 31; /* a late one turns them round (reads.h) */
    uint64_t *slot = &recent[pair * 0x9e3779b97f4a7c15u >> 54];
    return __atomic_exchange_n(slot, pair, __ATOMIC_RELAXED) == pair && !dt_race_repeats;
}

static void fill_locks(struct dt_race_side *s, uint32_t seg)
{
    dt_lockset set = dt_node_locks(s->stack);
    uint32_t all = UINT32_MAX;
    if (set >= DT_NODE_LOCKS_COUNT) {
        uint32_t held = set - DT_NODE_LOCKS_COUNT;
        set = dt_segment_lockset(seg);
        if (held < DT_LOCKSET_MOST)
            all = held;
    }
    s->nheld = dt_lockset_size(set) < all ? dt_lockset_size(set) : all;
    s->nlocks = (uint32_t)dt_lockset_locks(set, s->nheld, s->locks, DT_RACE_LOCKS);
}

static void fill_knowledge(struct dt_race *r, const struct dt_task *t, dt_index earlier)
{
    dt_epoch known = earlier == t->index ? 0 : dt_task_heard(t, earlier);
    r->heard = r->earlier.task && known >= r->earlier.task->first && known < r->earlier.epoch;
    r->behind = r->heard ? r->earlier.epoch - known : 0;
}

static void fill_side(struct dt_race_side *s, uint64_t cell, uintptr_t granule)
{
    unsigned mask = (unsigned)((cell & DT_CELL_MASK) >> DT_CELL_MASK_SHIFT);
    uint32_t seg = dt_cell_seg(cell);
    s->task = dt_segment_task(seg);
    s->stack = (dt_stackid)(cell & DT_CELL_ORIGIN);
    s->addr = granule + (unsigned)__builtin_ctz(mask);
    s->size = 32u - (unsigned)__builtin_clz(mask) - (unsigned)__builtin_ctz(mask);
    s->write = (cell & DT_CELL_W) != 0;
    s->atomic = !(cell & DT_CELL_P);
    s->is_free = (dt_node(s->stack)->pc & DT_NODE_FREE) != 0;
    s->epoch = dt_segment_get(seg).epoch;
    fill_locks(s, seg);
    dt_node_pin(s->stack);
}

static void count_bare(uintptr_t granule, uint64_t cell, uint64_t bytes)
{
    if (!dt_node_locks((dt_stackid)(cell & DT_CELL_ORIGIN)))
        dt_lockcount_bare(granule + (unsigned)__builtin_ctzll(bytes) - DT_CELL_MASK_SHIFT, cell);
}

static void add(
    struct dt_task *t, uintptr_t granule, uint64_t now, uint64_t earlier, uint64_t bytes, bool late)
{
    count_bare(granule, now, bytes);
    count_bare(granule, earlier, bytes);
    if (!dt_on_race || is_repetition(now, earlier))
        return;
    struct dt_race_item *i = dt_alloc(sizeof *i);
    fill_side(&i->race.now, now, granule);
    fill_side(&i->race.earlier, earlier, granule);
    i->race.current = t;
    fill_knowledge(&i->race, t, dt_segment_get(dt_cell_seg(earlier)).index);
    i->race.late = late;
    i->race.granule = granule;
    i->race.bytes = (uint8_t)(bytes >> DT_CELL_MASK_SHIFT);
    struct dt_race_item **end = &(t->races_to ? t->races_to : t)->races;
    while (*end)
        end = &(*end)->next;
    *end = i;
}

/* The part of the cell that comes from the same place as this byte. */
static uint64_t with_origin_of(uint64_t cell, unsigned byte)
{
    dt_stackid all = (dt_stackid)(cell & DT_CELL_ORIGIN), one = dt_node_of_byte(all, byte);
    if (one == all)
        return cell;
    for (unsigned b = 0; b < 8; b++)
        if (dt_node_of_byte(all, b) != one)
            cell &= ~((uint64_t)1 << (b + DT_CELL_MASK_SHIFT));
    return (cell & ~DT_CELL_ORIGIN) | one;
}

/* A cell may stand for accesses of several places (DT_NODE_OVERLAY): one race for each. */
static void queue(
    struct dt_task *t, uintptr_t granule, uint64_t now, uint64_t earlier, uint64_t bytes, bool late)
{
    while (bytes & DT_CELL_MASK) {
        unsigned byte = (unsigned)__builtin_ctzll(bytes) - DT_CELL_MASK_SHIFT;
        uint64_t n = with_origin_of(now, byte), e = with_origin_of(earlier, byte), same = 0;
        for (unsigned b = byte; b < 8; b++) {
            uint64_t bit = (uint64_t)1 << (b + DT_CELL_MASK_SHIFT);
            if ((bytes & bit) && with_origin_of(now, b) == n && with_origin_of(earlier, b) == e)
                same |= bit;
        }
        add(t, granule, n, e, same, late);
        bytes &= ~same;
    }
}

void dt_race_queue(
    struct dt_task *t, uintptr_t granule, uint64_t now, uint64_t earlier, uint64_t bytes)
{
    dt_depend_race();
    queue(t, granule, now, earlier, bytes, false);
}

void dt_race_queue_late(
    struct dt_task *t, uintptr_t granule, uint64_t now, uint64_t earlier, uint64_t bytes)
{
    dt_depend_race();
    queue(t, granule, now, earlier, bytes, true);
}

void dt_race_deliver_queue(struct dt_task *t)
{
    struct dt_race_item *i = t->races;
    t->races = NULL;
    while (i) {
        struct dt_race_item *next = i->next;
        dt_on_race(&i->race);
        dt_free(i, sizeof *i);
        i = next;
    }
}
