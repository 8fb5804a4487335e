/* SPDX-License-Identifier: MIT
 *
 * Who has the locks that goroutines wait for, for a look in the middle of a run (reach.h). A lock
 * that has ever been given up by another one than its holder is left out: its use may be that of a
 * semaphore. A holder that may run is no obstacle, and is left out too.
 *
 * A lock's queue refers to the stacks of those who wait for it. That does not help them: they are
 * helped when their holders are. So these words are read as if they were not there.
 *
 * With the world stopped: only reads, takes no lock, and memory from the arena.
 */
#include <string.h>

#include "core/lockgraph.h"
#include "core/task.h"
#include "runtime/reach.h"

enum {
    MAX_EACH = 4, /* readers; with fewer, more are taken to be alive */
    LARGEST = 1 << 20,
};

/* Of a lock that is held for reading. */
static uint32_t find_readers(const struct dt_reach *r, const void *lock, uint32_t *ret_readers)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->n && n < MAX_EACH; i++)
        if (!r->all[i].outside && dt_reach_holds(&r->all[i].g, lock))
            ret_readers[n++] = i;
    return n;
}

static bool collect_queues(struct dt_reach *r)
{
    uintptr_t last = 0;
    r->queues = dt_arena_alloc(&r->arena, r->n * sizeof *r->queues);
    for (uint32_t i = 0; r->queues && i < r->n; i++) {
        const struct gorc__inspect_g *g = &r->all[i].g;
        uintptr_t at = (uintptr_t)g->object;
        if (!r->tasks[i].n_holders || at == last)
            continue;
        last = at;
        r->queues[r->n_queues++] = (struct an_range){at, at + gorc__inspect_size(g->object_kind)};
    }
    if (r->queues)
        dt_ranges_sort(r->queues, r->n_queues);
    return r->queues != NULL;
}

/* The first queue that ends above addr. */
static uint32_t queue_above(const struct dt_reach *r, uintptr_t addr)
{
    uint32_t lo = 0, hi = r->n_queues;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (r->queues[mid].hi <= addr)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

const void *dt_reach_memory(void *arg, uintptr_t addr, size_t size, size_t *ret_size)
{
    static char copy[LARGEST]; /* one look at a time */
    struct dt_reach *r = arg;
    const void *p = dt_roots_memory(&r->marking, addr, size, ret_size);
    uint32_t k = queue_above(r, addr);
    uintptr_t end = addr + *ret_size;
    if (!p || k == r->n_queues || r->queues[k].lo >= end)
        return p;
    if (*ret_size > sizeof copy)
        *ret_size = 0; /* never: then nothing is proven */
    memcpy(copy, p, *ret_size);
    for (; k < r->n_queues && r->queues[k].lo < end; k++) {
        uintptr_t from = r->queues[k].lo > addr ? r->queues[k].lo : addr;
        uintptr_t to = r->queues[k].hi < end ? r->queues[k].hi : end;
        memset(copy + (from - addr), 0, to - from);
    }
    return copy;
}

bool dt_reach_holders(struct dt_reach *r)
{
    const void *last = NULL;
    uint32_t readers[MAX_EACH], n_readers = 0;
    if (!r->watch.on)
        return true;
    r->holders = dt_arena_alloc(&r->arena, (size_t)r->n * MAX_EACH * sizeof *r->holders);
    for (uint32_t i = 0; r->holders && i < r->n; i++) {
        const struct gorc__inspect_g *g = &r->all[i].g;
        struct an_mark_task *t = &r->tasks[i];
        if (t->live || !gorc__inspect_is_lock(g->object_kind) ||
            dt_lock_may_be_handed_over(g->object))
            continue;
        t->first_holder = r->n_holders;
        if (g->holder) {
            uint32_t holder = dt_reach_find(r, g->holder);
            if (holder != AN_NONE && !r->all[holder].outside)
                r->holders[r->n_holders++] = holder;
        } else if (g->object_kind == GORC__OBJ_RWMUTEX) {
            if (g->object != last)
                n_readers = find_readers(r, g->object, readers);
            last = g->object;
            memcpy(&r->holders[r->n_holders], readers, n_readers * sizeof *readers);
            r->n_holders += n_readers;
        }
        t->n_holders = r->n_holders - t->first_holder;
    }
    return r->holders && collect_queues(r);
}
