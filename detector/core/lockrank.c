/* SPDX-License-Identifier: MIT
 *
 * A filter before the search for cycles: which locks can be on one at all, whatever the tasks.
 *
 * Locks on a common cycle are one group (union-find). Groups have ranks, and every edge between
 * two groups goes to the higher one. An edge that fits costs two look-ups, and that is nearly
 * all of them where locks have an order. One that does not fit either raises ranks, or closes a
 * cycle and unites groups. If that takes too many steps the filter gives up and says yes.
 */
#include "base/dalloc.h"
#include "base/pool.h"
#include "core/nesting.h"

enum { MAX_STEPS = 1 << 18, FIRST_STACK = 64 };

static uint32_t last_mark, steps;
static bool gave_up;

static uint32_t root(uint32_t id)
{
    while (dt_lock_node(id)->group != id) {
        struct dt_lock_node *n = dt_lock_node(id);
        n->group = dt_lock_node(n->group)->group;
        id = n->group;
    }
    return id;
}

bool dt_lockrank_same(uint32_t a, uint32_t b)
{
    return gave_up || root(a) == root(b);
}

/* --- a stack of groups --- */

struct stack {
    uint32_t *ids, n, cap;
};

static void push(struct stack *s, uint32_t id)
{
    if (s->n == s->cap) {
        uint32_t cap = s->cap ? 2 * s->cap : FIRST_STACK;
        uint32_t *more = dt_alloc(cap * sizeof *more);
        for (uint32_t i = 0; i < s->n; i++)
            more[i] = s->ids[i];
        dt_free(s->ids, s->cap * sizeof *more);
        s->ids = more;
        s->cap = cap;
    }
    s->ids[s->n++] = id;
}

/* Calls fn for the other end of each edge out of (or into) the group. */
static void each_neighbour(
    uint32_t group, bool forward, void (*fn)(uint32_t from, uint32_t to, void *arg), void *arg)
{
    uint32_t id = group;
    do {
        struct dt_lock_node *n = dt_lock_node(id);
        struct dt_nesting_link *l = forward ? n->holders : n->wanters;
        for (; l; l = l->next) {
            steps++;
            if (forward)
                fn(group, root(l->nesting->wants), arg);
            for (uint32_t i = 0; !forward && i < l->nesting->n; i++)
                fn(group, root(l->nesting->holds[i].lock), arg);
        }
        id = n->group_next;
    } while (id != group && steps < MAX_STEPS);
}

struct walk {
    struct stack todo, seen;
    uint32_t mark, among, limit;
};

static void visit(uint32_t from, uint32_t to, void *arg)
{
    struct walk *w = arg;
    struct dt_lock_node *n = dt_lock_node(to);
    if (to == from || n->mark == w->mark || n->rank > w->limit || (w->among && n->mark != w->among))
        return;
    n->mark = w->mark;
    push(&w->todo, to);
    push(&w->seen, to);
}

/* Every group that can be reached from `from` with a rank up to the limit, among those that were
 * marked `among` if that is not 0. */
static void reach(struct walk *w, uint32_t from, bool forward)
{
    w->mark = ++last_mark;
    visit(0, from, w);
    while (w->todo.n && steps < MAX_STEPS)
        each_neighbour(w->todo.ids[--w->todo.n], forward, visit, w);
}

static void free_walk(struct walk *w)
{
    dt_free(w->todo.ids, w->todo.cap * sizeof *w->todo.ids);
    dt_free(w->seen.ids, w->seen.cap * sizeof *w->seen.ids);
}

/* --- ranks --- */

static void raise(uint32_t from, uint32_t to, void *arg)
{
    struct dt_lock_node *f = dt_lock_node(from), *t = dt_lock_node(to);
    if (to == from || t->rank > f->rank)
        return;
    t->rank = f->rank + 1;
    push(arg, to);
}

static void raise_above(uint32_t group)
{
    struct stack todo = {0};
    push(&todo, group);
    while (todo.n && steps < MAX_STEPS)
        each_neighbour(todo.ids[--todo.n], true, raise, &todo);
    dt_free(todo.ids, todo.cap * sizeof *todo.ids);
}

static uint32_t unite(uint32_t a, uint32_t b)
{
    struct dt_lock_node *x = dt_lock_node(a), *y = dt_lock_node(b);
    if (a == b)
        return a;
    y->group = a;
    if (y->rank > x->rank)
        x->rank = y->rank;
    uint32_t next = x->group_next;
    x->group_next = y->group_next;
    y->group_next = next;
    return a;
}

void dt_lockrank_edge(uint32_t from, uint32_t to)
{
    uint32_t a = root(from), b = root(to);
    if (gave_up || a == b)
        return;
    if (dt_lock_node(a)->rank < dt_lock_node(b)->rank)
        return;
    steps = 0;
    struct walk ahead = {.limit = dt_lock_node(a)->rank};
    reach(&ahead, b, true);
    if (dt_lock_node(a)->mark == ahead.mark) {
        struct walk back = {.limit = UINT32_MAX, .among = ahead.mark};
        reach(&back, a, false);
        for (uint32_t i = 0; i < back.seen.n; i++)
            a = unite(root(a), root(back.seen.ids[i]));
        free_walk(&back);
        raise_above(root(a));
    } else {
        dt_lock_node(b)->rank = dt_lock_node(a)->rank + 1;
        raise_above(b);
    }
    free_walk(&ahead);
    gave_up = steps >= MAX_STEPS;
}
