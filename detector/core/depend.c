/* SPDX-License-Identifier: MIT
 *
 * See depend.h. Barriers are numbered by the last event before them.
 *
 * Why this suffices. Let X be the smallest set that has the events before the two lock calls and
 * what they need. By induction over the run each event of X on another task is known to the needs
 * of the one for which it is there: the first three rules are the definition of `needs`. The
 * fourth: a holder of l is in X with its lock call, and somebody in X takes l later, so the
 * holder's unlock is in X and all that its task needed until then. Needs that grew while it held l
 * were left with l, as were its nestings under l; whoever takes l has them from there. Those that
 * did not grow were there before, with the lock call. So a nesting that is in X is known to the
 * needs of one of the two.
 */
#include "core/cell.h"
#include "core/depend.h"
#include "core/lockgraph.h"
#include "core/nesting.h"
#include "core/segment.h"
#include "core/sweep.h"
#include "core/sync.h"

bool dt_depend_on;
uint64_t dt_depend_at;

void dt_depend_barrier(void)
{
    uint64_t now = dt_lockgraph_last_event(),
             old = __atomic_load_n(&dt_depend_at, __ATOMIC_RELAXED);
    while (old < now && !__atomic_compare_exchange_n(
                            &dt_depend_at, &old, now, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}

void dt_depend_race(void)
{
    __atomic_store_n(&dt_depend_at, UINT64_MAX, __ATOMIC_RELEASE);
}

/* A task whose accesses are not recorded (there was no other) may have read anything. */
void dt_depend_settle_slow(struct dt_task *t)
{
    struct dt_order *o = &t->order;
    if (o->settled && t->keys != dt_keys_none)
        return;
    dt_task_fold(t);
    dt_clock_copy(&o->needs, &t->clock);
    o->n_needs++;
    o->settled = true;
}

/* What it does from here on may be due to what the holder before did. */
void dt_depend_read_held(struct dt_task *t, dt_index index, dt_epoch epoch)
{
    for (uint32_t i = 0; i < t->nheld; i++)
        if (t->held[i].before.index == index && epoch > t->held[i].before.known)
            t->held[i].before.epoch = 0;
}

struct dt_before dt_depend_before(struct dt_task *t, const struct dt_sync *s)
{
    struct dt_before b = {0};
    dt_task_renew_epoch(t);
    if (s->single && s->own.epoch && !dt_task_knows(t, s->own.index, s->own.epoch))
        b = (struct dt_before){
            s->own.index, s->own.epoch, dt_task_heard(t, s->own.index), s->locked};
    return b;
}

void dt_depend_locked_slow(struct dt_task *t, uint32_t lock)
{
    struct dt_lock_node *l = dt_lock_node(lock);
    dt_lock_take(&l->lock);
    if (l->needs.root && dt_clock_join(&t->order.needs, &l->needs))
        t->order.n_needs++;
    dt_lock_drop(&l->lock);
}

void dt_depend_unlocked_slow(struct dt_task *t, struct dt_held_lock *h)
{
    dt_depend_settle_slow(t);
    bool grew = h->n_needs != t->order.n_needs;
    if (!grew && !h->nested)
        return;
    dt_lockgraph_number(h);
    if (!h->id) {
        dt_depend_barrier();
        return;
    }
    struct dt_lock_node *l = dt_lock_node(h->id);
    dt_lock_take(&l->lock);
    if (grew)
        dt_clock_join(&l->needs, &t->order.needs);
    if (h->nested && dt_clock_get(&l->needs, t->order.nested_index) < t->order.nested_epoch)
        dt_clock_set(&l->needs, t->order.nested_index, t->order.nested_epoch);
    dt_lock_drop(&l->lock);
}

void dt_depend_record(struct dt_task *t, const struct dt_held_lock *wanted, struct dt_nested *e)
{
    /* The very first nesting needs none; before, nobody settled. */
    e->unproven = (!t->order.settled && e->number > 1) || (wanted->how & DT_HOW_AGAIN);
    e->barrier = __atomic_load_n(&dt_depend_at, __ATOMIC_ACQUIRE);
    if (t->order.settled)
        dt_clock_copy(&e->needs, &t->order.needs);
    dt_task_renew_epoch(t);
    e->own_index = t->order.nested_index = t->index;
    e->own_epoch = t->order.nested_epoch = t->epoch;
}

bool dt_depend_needs(const struct dt_nested *a, const struct dt_nested *b)
{
    return a->unproven || (b->number < a->number && b->number <= a->barrier) ||
           dt_clock_get(&a->needs, b->own_index) >= b->own_epoch;
}

void dt_depend_task_gone(struct dt_task *t)
{
    dt_clock_clear(&t->order.needs);
}
