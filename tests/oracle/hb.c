/* SPDX-License-Identifier: MIT
 *
 * See hb.h. No libc function is called: in this program they are the detector's to observe.
 */
#include "hb.h"

struct hb hb;

static const struct clock zero;

static void join(struct clock *to, const struct clock *from)
{
    for (int i = 0; i < TASKS; i++)
        to->v[i] = to->v[i] < from->v[i] ? from->v[i] : to->v[i];
}

static bool acquires(int order)
{
    return order == __ATOMIC_CONSUME || order == __ATOMIC_ACQUIRE || order == __ATOMIC_ACQ_REL ||
           order == __ATOMIC_SEQ_CST;
}

static bool releases(int order)
{
    return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

void hb_reset(void)
{
    for (int t = 0; t < TASKS; t++) {
        hb.task[t] = hb.acquire_fence[t] = hb.release_fence[t] = zero;
        hb.has_release_fence[t] = false;
        hb.epoch[t] = 0;
    }
    for (int s = 0; s < SYNCS; s++)
        hb.sync[s] = zero;
    for (int c = 0; c < CELLS; c++)
        hb_forget_cell(c);
    hb.n = hb.clearings = 0;
    for (int a = 0; a < AREAS; a++)
        hb_clear(a, 0, AREA_BYTES);
}

void hb_spawn(int parent, int child)
{
    hb.task[child] = hb.task[parent];
    hb.acquire_fence[child] = hb.release_fence[child] = zero;
    hb.has_release_fence[child] = false;
    hb.epoch[parent]++;
}

void hb_edge(int from, int to)
{
    join(&hb.task[to], &hb.task[from]);
    hb.epoch[from]++;
}

void hb_acquire(int t, int sync)
{
    join(&hb.task[t], &hb.sync[sync]);
}

void hb_release(int t, int sync)
{
    join(&hb.sync[sync], &hb.task[t]);
    hb.epoch[t]++;
}

/* --- atomics --- */

void hb_forget_cell(int cell)
{
    for (int t = 0; t < TASKS; t++)
        hb.heads[cell][t] = false;
    hb.plain[cell] = false;
}

void hb_atomic_seen(int t, int cell, int order)
{
    struct clock *to = acquires(order) ? &hb.task[t] : &hb.acquire_fence[t];
    for (int u = 0; u < TASKS; u++)
        if (hb.heads[cell][u])
            join(to, &hb.head[cell][u]);
}

/* t's own sequence begins here, or goes on with more. */
static void lead(int t, int cell, const struct clock *past)
{
    if (!hb.heads[cell][t])
        hb.head[cell][t] = zero;
    hb.heads[cell][t] = true;
    join(&hb.head[cell][t], past);
}

static void published(int t, int cell, int order)
{
    if (releases(order)) {
        lead(t, cell, &hb.task[t]);
        hb.epoch[t]++;
    } else if (hb.has_release_fence[t]) {
        lead(t, cell, &hb.release_fence[t]);
    }
}

void hb_atomic_stored(int t, int cell, int order)
{
    for (int u = 0; u < TASKS; u++)
        if (u != t || releases(order))
            hb.heads[cell][u] = false;
    hb.plain[cell] = releases(order);
    published(t, cell, order);
}

void hb_atomic_updated(int t, int cell, int order)
{
    if (releases(order) || hb.has_release_fence[t])
        hb.plain[cell] = false;
    published(t, cell, order);
}

bool hb_store_is_exact(int t, int cell, int order)
{
    bool others = false;
    for (int u = 0; u < TASKS; u++)
        others |= u != t && hb.heads[cell][u];
    return releases(order) || !others || hb.plain[cell];
}

/* Its acquire side comes first: what it learns is part of what it publishes. */
void hb_fence(int t, int order)
{
    if (acquires(order))
        join(&hb.task[t], &hb.acquire_fence[t]);
    if (releases(order)) {
        hb.release_fence[t] = hb.task[t];
        hb.has_release_fence[t] = true;
        hb.epoch[t]++;
    }
}

/* --- accesses --- */

static bool covers(const struct access *e, int area, unsigned byte)
{
    return e->area == area && byte >= e->begin && byte < e->end &&
           (unsigned)(e - hb.list) >= hb.cleared[area][byte];
}

static bool conflict(const struct access *e, const struct access *a)
{
    return (e->write || a->write) && !(e->atomic && a->atomic) && a->clock.v[e->task] < e->stamp;
}

/* An access that is at least as strong, after which its task has published nothing: whoever races
 * with a has been or will be told to race with e. */
static bool stands_for(const struct access *e, const struct access *a)
{
    return e->task == a->task && e->epoch == a->epoch && e->write >= a->write &&
           e->atomic <= a->atomic && !a->is_free;
}

void hb_look(struct access *a, enum verdict *verdict)
{
    a->clock = hb.task[a->task];
    a->stamp = ++a->clock.v[a->task];
    a->epoch = hb.epoch[a->task];
    for (unsigned b = a->begin; b < a->end; b++) {
        bool races = false, before = false;
        for (unsigned i = 0; i < hb.n; i++) {
            const struct access *e = &hb.list[i];
            if (!covers(e, a->area, b))
                continue;
            races |= conflict(e, a);
            before |= stands_for(e, a);
        }
        verdict[b - a->begin] = !races ? QUIET : before ? TOLD_BEFORE : RACES;
    }
}

void hb_add(const struct access *a)
{
    hb.task[a->task].v[a->task] = a->stamp;
    hb.list[hb.n++] = *a;
}

void hb_clear(int area, unsigned begin, unsigned end)
{
    hb.clearing[hb.clearings++] = (struct clearing){area, begin, end, hb.n};
    for (unsigned b = begin; b < end; b++)
        hb.cleared[area][b] = (uint16_t)hb.n;
}

static bool same(const struct access *e, const struct access *like)
{
    return e->task == like->task && e->write == like->write && e->atomic == like->atomic &&
           e->is_free == like->is_free && e->frame == like->frame;
}

bool hb_races_with(const struct access *a, const struct access *like, unsigned byte)
{
    for (const struct access *e = hb.list; e < hb.list + hb.n; e++) {
        if (same(e, like) && covers(e, a->area, byte) && conflict(e, a))
            return true;
    }
    return false;
}

static bool cleared_between(const struct access *e, const struct access *a, unsigned byte)
{
    for (unsigned i = 0; i < hb.clearings; i++) {
        const struct clearing *c = &hb.clearing[i];
        if (c->area == e->area && byte >= c->begin && byte < c->end &&
            (unsigned)(e - hb.list) < c->at && (unsigned)(a - hb.list) >= c->at)
            return true;
    }
    return false;
}

static bool touches(const struct access *e, int area, unsigned byte)
{
    return e->area == area && byte >= e->begin && byte < e->end;
}

bool hb_pair_races(const struct access *x, const struct access *y, unsigned byte)
{
    for (const struct access *a = hb.list; a < hb.list + hb.n; a++) {
        if ((!same(a, x) && !same(a, y)) || !touches(a, x->area, byte))
            continue;
        for (const struct access *e = hb.list; e < a; e++)
            if (same(e, same(a, x) ? y : x) && touches(e, x->area, byte) && conflict(e, a) &&
                !cleared_between(e, a, byte))
                return true;
    }
    return false;
}

bool hb_touched(const struct access *like, unsigned byte)
{
    for (unsigned i = 0; i < hb.n; i++) {
        const struct access *e = &hb.list[i];
        if (same(e, like) && touches(e, like->area, byte))
            return true;
    }
    return false;
}
