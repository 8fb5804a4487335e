/* SPDX-License-Identifier: MIT
 *
 * The search for cycles through a new event. Depth first over the nestings that hold what the last
 * one wants; lockrank.c has said before that there may be one. The graph lock is held; a nesting's
 * own lock is taken while its events are looked at, several at once, which is safe since whoever
 * else takes one takes no second.
 */
#include <string.h>

#include "base/dalloc.h"
#include "base/keyset.h"
#include "core/depend.h"
#include "core/nesting.h"
#include "core/order.h"

enum { MAX_STEPS = 20000, MAX_FOUND = 16 };

struct part {
    struct dt_nesting *nesting;
    const struct dt_nested *event;
    uint32_t hold; /* what the part before wants */
};

struct search {
    struct part part[DT_MAX_CYCLE];
    size_t n;
    unsigned steps, found;
    struct dt_found_cycle **list;
};

static struct dt_keyset known; /* cycles that were reported, by a sum over their nestings */

/* Numbers of locks are about to be used again. What is found once more is dropped by its places. */
void dt_lockcycle_forget_known(void)
{
    dt_keyset_clear(&known);
}

/* --- could two events meet? --- */

/* Does a, while it waits as a part of the cycle, come after b? What was signalled under a lock is
 * known after it is given up; a still holds the lock of the cycle. */
static bool knows(const struct part *a, const struct dt_nested *b)
{
    if (dt_order_knows(&a->event->clock, b->index, b->epoch))
        return true;
    for (uint32_t i = 0; i < a->nesting->n; i++)
        if (i != a->hold && dt_order_knows(&a->event->locks[i].order, b->index, b->epoch))
            return true;
    return false;
}

/* A lock that both hold, and not both for reading. */
static bool have_gate(const struct dt_nesting *a, const struct dt_nesting *b)
{
    for (uint32_t i = 0; i < a->n; i++)
        for (uint32_t k = 0; k < b->n; k++)
            if (a->holds[i].lock == b->holds[k].lock && !(a->holds[i].shared && b->holds[k].shared))
                return true;
    return false;
}

static bool can_meet(const struct part *a, const struct part *b)
{
    return a->event->task->uid != b->event->task->uid && !knows(a, b->event) &&
           !knows(b, a->event) && !have_gate(a->nesting, b->nesting);
}

static bool has_part(const struct search *s, const struct dt_nesting *n)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->part[i].nesting == n)
            return true;
    return false;
}

static bool meets_all(const struct search *s, const struct part *p)
{
    for (size_t i = 0; i < s->n; i++)
        if (!can_meet(&s->part[i], p))
            return false;
    return true;
}

/* --- readers that meet --- */

static bool prefers_writers(uint32_t lock)
{
    return dt_lock_prefers_writers((enum dt_lock_kind)dt_lock_node(lock)->kind);
}

/* A writer that may come in between all of them. */
static bool find_writer(struct search *s, uint32_t lock, struct dt_lock_cycle *c)
{
    if (!prefers_writers(lock))
        return false;
    for (struct dt_nesting_link *l = dt_lock_node(lock)->wanters; l; l = l->next) {
        struct dt_nesting *w = l->nesting;
        if (w->wants_shared || w->wants_held)
            continue;
        bool found = false, is_part = has_part(s, w); /* then it is locked already */
        if (!is_part)
            dt_lock_take(&w->lock);
        for (uint32_t i = w->nevents; i-- > 0 && !found;) {
            struct part p = {w, w->events[i], UINT32_MAX};
            found = meets_all(s, &p);
            if (!found)
                continue;
            c->writer = p.event->task;
            c->written = lock;
            c->writer_at = p.event->locks[w->n].where;
        }
        if (!is_part)
            dt_lock_drop(&w->lock);
        if (found)
            return true;
    }
    return false;
}

/* --- a cycle --- */

static const struct part *next_part(const struct search *s, size_t i)
{
    return &s->part[(i + 1) % s->n];
}

static void describe(const struct search *s, struct dt_lock_cycle *c)
{
    c->n = s->n;
    for (size_t i = 0; i < s->n; i++) {
        const struct part *p = &s->part[i];
        const struct dt_nesting *n = p->nesting;
        c->part[i] = (struct dt_lock_cycle_part){
            .task = p->event->task,
            .holds = n->holds[p->hold].lock,
            .wants = n->wants,
            .holds_shared = n->holds[p->hold].shared,
            .wants_shared = n->wants_shared,
            .held_at = p->event->locks[p->hold].where,
            .wanted_at = p->event->locks[n->n].where,
        };
    }
}

/* Of two tasks, of which neither needs the other's lock call for its way there. */
static bool is_certain(const struct search *s)
{
    return s->n == 2 && !dt_depend_needs(s->part[0].event, s->part[1].event) &&
           !dt_depend_needs(s->part[1].event, s->part[0].event);
}

/* The last part wants what the first one holds. Their clocks were compared while it was not known
 * which lock that is. */
static void close_cycle(struct search *s)
{
    uint64_t key = 0;
    for (size_t i = 0; i < s->n; i++) {
        for (size_t k = 0; k < i; k++)
            if (!can_meet(&s->part[i], &s->part[k]))
                return;
        key += s->part[i].nesting->hash * 0x9e3779b97f4a7c15u;
    }
    struct dt_found_cycle *f = dt_alloc(sizeof *f);
    describe(s, &f->cycle);
    for (size_t i = 0; i < s->n; i++) {
        const struct part *p = next_part(s, i);
        if (!s->part[i].nesting->wants_shared || !p->nesting->holds[p->hold].shared)
            continue;
        if (!find_writer(s, s->part[i].nesting->wants, &f->cycle)) {
            dt_free(f, sizeof *f);
            return;
        }
    }
    if (!dt_keyset_add(&known, key)) {
        dt_free(f, sizeof *f);
        return;
    }
    f->cycle.certain = !f->cycle.writer && is_certain(s);
    s->found++;
    f->next = *s->list;
    *s->list = f;
}

static bool is_wanted_already(const struct search *s, uint32_t lock)
{
    for (size_t i = 0; i + 1 < s->n; i++)
        if (s->part[i].nesting->wants == lock)
            return true;
    return false;
}

/* Readers in line are no cycle where nobody prefers writers. */
static bool can_block(const struct dt_nesting *wants, const struct dt_nesting *holds, uint32_t i)
{
    return !wants->wants_shared || !holds->holds[i].shared || prefers_writers(wants->wants);
}

static void try_close(struct search *s)
{
    const struct dt_nesting *last = s->part[s->n - 1].nesting;
    struct part *first = &s->part[0];
    for (uint32_t i = 0; i < first->nesting->n; i++) {
        if (first->nesting->holds[i].lock != last->wants || !can_block(last, first->nesting, i))
            continue;
        first->hold = i;
        close_cycle(s);
        first->hold = UINT32_MAX;
    }
}

static void extend(struct search *s);

static void extend_by(struct search *s, struct dt_nesting *n, uint32_t hold)
{
    if (has_part(s, n))
        return;
    dt_lock_take(&n->lock);
    for (uint32_t i = n->nevents; i-- > 0;) {
        struct part p = {n, n->events[i], hold};
        if (++s->steps > MAX_STEPS || s->found > MAX_FOUND)
            break;
        if (!meets_all(s, &p))
            continue;
        s->part[s->n++] = p;
        try_close(s);
        extend(s);
        s->n--;
    }
    dt_lock_drop(&n->lock);
}

static void extend(struct search *s)
{
    const struct dt_nesting *last = s->part[s->n - 1].nesting;
    if (is_wanted_already(s, last->wants))
        return;
    if (s->n == DT_MAX_CYCLE) {
        dt_lockgraph_stats.searches_cut++;
        return;
    }
    for (struct dt_nesting_link *l = dt_lock_node(last->wants)->holders; l; l = l->next) {
        if (s->steps > MAX_STEPS)
            return;
        if (can_block(last, l->nesting, l->index) && !l->nesting->wants_held &&
            dt_lockrank_same(l->nesting->wants, last->wants))
            extend_by(s, l->nesting, l->index);
    }
}

bool dt_nesting_may_cycle(const struct dt_nesting *n)
{
    for (uint32_t i = 0; i < n->n; i++)
        if (dt_lockrank_same(n->holds[i].lock, n->wants))
            return true;
    return false;
}

static void search_from(struct search *s, struct dt_nesting *n, uint64_t since)
{
    dt_lock_take(&n->lock);
    for (uint32_t i = n->nevents; i-- > 0;) {
        if (n->events[i]->number < since)
            continue;
        s->part[0] = (struct part){n, n->events[i], UINT32_MAX};
        s->n = 1;
        if (n->wants_held)
            try_close(s);
        else
            extend(s);
    }
    dt_lock_drop(&n->lock);
}

/* Readers that this writer may come between. */
static void search_readers(struct search *s, const struct dt_nesting *writer)
{
    for (struct dt_nesting_link *l = dt_lock_node(writer->wants)->wanters; l; l = l->next)
        if (l->nesting->wants_shared && dt_nesting_may_cycle(l->nesting))
            search_from(s, l->nesting, 0);
}

void dt_lockcycle_search(struct dt_nesting *n, uint64_t since, struct dt_found_cycle **list)
{
    struct search *s = dt_alloc(sizeof *s);
    s->list = list;
    if (!n->wants_shared && !n->wants_held && prefers_writers(n->wants))
        search_readers(s, n);
    if (dt_nesting_may_cycle(n))
        search_from(s, n, since);
    if (s->steps > MAX_STEPS)
        dt_lockgraph_stats.searches_cut++;
    dt_free(s, sizeof *s);
}
