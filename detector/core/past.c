/* SPDX-License-Identifier: MIT
 *
 * The minimum of all live tasks' clocks, component by component. A task that is blocked in a join
 * of a live task will know what that one knows before it does anything: it is left out.
 *
 * The search costs (tasks x indices); it is made after a proportional number of requests, less
 * often when it did not help.
 */
#include "base/lock.h"
#include "core/depend.h"
#include "core/past.h"
#include "core/sweep.h"

dt_epoch dt_past[DT_PAST_INDICES];

static dt_lock searching;
static uint32_t requests, threshold = 8; /* atomic, hints */
static dt_epoch lowest[DT_PAST_INDICES]; /* guarded by searching */
static uint32_t n_indices;

static void lower(struct dt_task *t, void *arg)
{
    (void)arg;
    if (t->ended || (t->joining && !t->joining->ended))
        return;
    dt_lock_take(&t->clock_lock);
    for (dt_index i = 0; i < n_indices; i++) {
        dt_epoch e = i == t->index ? UINT32_MAX : dt_task_heard(t, i);
        if (e < lowest[i])
            lowest[i] = e;
    }
    dt_lock_drop(&t->clock_lock);
}

static bool search(void)
{
    bool changed = false;
    n_indices = dt_index_end();
    if (n_indices > DT_PAST_INDICES)
        n_indices = DT_PAST_INDICES;
    for (dt_index i = 0; i < n_indices; i++)
        lowest[i] = UINT32_MAX;
    dt_task_each(lower, NULL);
    for (dt_index i = 0; i < n_indices; i++) {
        if (lowest[i] == UINT32_MAX || lowest[i] <= dt_past[i])
            continue; /* the former: the only one who runs is this task itself */
        if (!changed)
            dt_depend_barrier(); /* what was written then may be forgotten */
        __atomic_store_n(&dt_past[i], lowest[i], __ATOMIC_RELAXED);
        changed = true;
    }
    return changed;
}

/* A search costs this many steps, roughly; in 64 bits, there may be a million tasks. */
static uint64_t cost_now(void)
{
    uint64_t indices = dt_index_end();
    if (indices > DT_PAST_INDICES)
        indices = DT_PAST_INDICES;
    return dt_task_live() * (indices / 8 + 1);
}

void dt_past_wanted(void)
{
    uint32_t n = __atomic_add_fetch(&requests, 1, __ATOMIC_RELAXED);
    if (n < threshold || n < cost_now())
        return;
    if (!dt_lock_try(&searching))
        return;
    if (search())
        threshold = 8;
    else if (threshold < 1u << 16)
        threshold *= 2;
    __atomic_store_n(&requests, 0, __ATOMIC_RELAXED);
    dt_lock_drop(&searching);
}

void dt_past_find(void)
{
    if (!dt_lock_try(&searching))
        return;
    search();
    dt_lock_drop(&searching);
}
