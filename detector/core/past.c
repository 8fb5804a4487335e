/* SPDX-License-Identifier: MIT
 *
 * The minimum of all live tasks' clocks, component by component. A task that is blocked in a join
 * of a live task will know what that one knows before it does anything: it is left out.
 *
 * The search costs (tasks x indices); it is made after a proportional number of requests, less
 * often when it did not help.
 */
#include <string.h>

#include "base/lock.h"
#include "core/clock_node.h"
#include "core/depend.h"
#include "core/past.h"
#include "core/sweep.h"

dt_epoch dt_past[DT_PAST_INDICES];

static dt_lock searching;
static uint32_t requests, threshold = 8; /* atomic, hints */
/* Guarded by searching. */
static dt_epoch lowest[DT_PAST_INDICES];
static dt_index leaves[DT_PAST_INDICES / 16]; /* where something may come of it still */
static uint32_t n_leaves;

/* With t's clock_lock held: lowers the sixteen components from `base` on. False: none of them can
 * become more than is known already. */
static bool lower_leaf(const struct dt_task *t, dt_index base)
{
    const uint32_t *v = dt_clock_leaf(&t->clock, base);
    bool any = false;
    for (dt_index k = 0; k < 16; k++) {
        dt_index i = base + k;
        dt_epoch e = v ? v[k] : 0;
        if (i == t->latest.index && t->latest.epoch > e)
            e = t->latest.epoch;
        if (i != t->index && e < lowest[i])
            lowest[i] = e;
        any |= lowest[i] > __atomic_load_n(&dt_past[i], __ATOMIC_RELAXED);
    }
    return any;
}

static void lower(struct dt_task *t, void *arg)
{
    (void)arg;
    if (!n_leaves || t->ended || (t->joining && !t->joining->ended))
        return;
    dt_lock_take(&t->clock_lock);
    uint32_t left = 0;
    for (uint32_t l = 0; l < n_leaves; l++)
        if (lower_leaf(t, leaves[l]))
            leaves[left++] = leaves[l];
    n_leaves = left;
    dt_lock_drop(&t->clock_lock);
}

static bool search(void)
{
    bool changed = false;
    uint32_t n_indices = dt_index_end();
    if (n_indices > DT_PAST_INDICES)
        n_indices = DT_PAST_INDICES;
    n_leaves = (n_indices + 15) / 16;
    for (uint32_t l = 0; l < n_leaves; l++)
        leaves[l] = 16 * l;
    memset(lowest, 0xff, sizeof lowest);
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

/* In 64 bits: there may be a million tasks. */
uint64_t dt_past_cost(void)
{
    uint64_t indices = dt_index_end();
    if (indices > DT_PAST_INDICES)
        indices = DT_PAST_INDICES;
    return dt_task_live() * (indices / 8 + 1);
}

void dt_past_wanted(void)
{
    uint32_t n = __atomic_add_fetch(&requests, 1, __ATOMIC_RELAXED);
    if (n < threshold || n < dt_past_cost())
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
