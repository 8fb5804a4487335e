/* SPDX-License-Identifier: MIT
 *
 * See waitgraph.h. Three passes: reduction from those that go on, backwards over the wakers;
 * Tarjan's components over what is left, without recursion (there may be 100,000 tasks in a chain);
 * then for each component a shortest cycle, and who is behind it.
 */
#include "waitgraph.h"

/* Wakers turned round: for each task the waits that it may end. */
struct reverse {
    uint32_t *start; /* n_tasks + 1 */
    uint32_t *wait;  /* n_wakers */
    uint32_t *owner; /* of each wait: its task */
};

static bool turn_round(struct reverse *r, const struct an_waitgraph *g, const struct an_memory *m)
{
    r->start = an_alloc(m, ((size_t)g->n_tasks + 2) * sizeof *r->start);
    r->wait = an_alloc(m, (size_t)g->n_wakers * sizeof *r->wait);
    r->owner = an_alloc(m, (size_t)g->n_waits * sizeof *r->owner);
    if (!r->start || !r->wait || !r->owner)
        return false;
    for (uint32_t w = 0; w < g->n_waits; w++)
        for (uint32_t k = 0; k < g->waits[w].n_wakers; k++)
            r->start[g->wakers[g->waits[w].first_waker + k] + 2]++;
    for (uint32_t t = 0; t < g->n_tasks; t++)
        r->start[t + 2] += r->start[t + 1];
    for (uint32_t w = 0; w < g->n_waits; w++)
        for (uint32_t k = 0; k < g->waits[w].n_wakers; k++)
            r->wait[r->start[g->wakers[g->waits[w].first_waker + k] + 1]++] = w;
    for (uint32_t t = 0; t < g->n_tasks; t++)
        for (uint32_t k = 0; k < g->tasks[t].n_waits; k++)
            r->owner[g->tasks[t].first_wait + k] = t;
    return true;
}

/* --- who goes on --- */

struct reduction {
    struct an_waitgraph *g;
    struct reverse *r;
    uint32_t *missing; /* of each AN_ALL wait: wakers that are not known to go on */
    uint32_t *queue, n;
};

static void goes_on(struct reduction *d, uint32_t task)
{
    struct an_wait_task *t = &d->g->tasks[task];
    if (!t->stuck)
        return;
    t->stuck = false;
    d->queue[d->n++] = task;
}

static void start_reduction(struct reduction *d)
{
    struct an_waitgraph *g = d->g;
    for (uint32_t w = 0; w < g->n_waits; w++)
        d->missing[w] = g->waits[w].n_wakers;
    for (uint32_t t = 0; t < g->n_tasks; t++) {
        struct an_wait_task *task = &g->tasks[t];
        task->stuck = true;
        task->in_cycle = false;
        task->set = AN_NONE;
    }
    for (uint32_t t = 0; t < g->n_tasks; t++) {
        const struct an_wait_task *task = &g->tasks[t];
        bool on = task->goes_on;
        for (uint32_t k = 0; k < task->n_waits && !on; k++)
            on = g->waits[task->first_wait + k].unknown;
        if (on)
            goes_on(d, t);
    }
}

static bool reduce(struct an_waitgraph *g, struct reverse *r, const struct an_memory *m)
{
    struct reduction d = {.g = g, .r = r};
    d.missing = an_alloc(m, (size_t)g->n_waits * sizeof *d.missing);
    d.queue = an_alloc(m, (size_t)g->n_tasks * sizeof *d.queue);
    if (!d.missing || !d.queue)
        return false;
    start_reduction(&d);
    for (uint32_t next = 0; next < d.n; next++) {
        uint32_t t = d.queue[next];
        for (uint32_t k = r->start[t]; k < r->start[t + 1]; k++) {
            uint32_t w = r->wait[k];
            if (g->waits[w].need == AN_ANY || --d.missing[w] == 0)
                goes_on(&d, r->owner[w]);
        }
    }
    return true;
}

/* --- the edges of the stuck, one after the other --- */

struct edge {
    uint32_t wait, waker; /* positions: the k-th wait of the task, the j-th waker of that */
};

/* The next task that `task` waits for and that is stuck; AN_NONE at the end. */
static uint32_t next_edge(const struct an_waitgraph *g, uint32_t task, struct edge *at)
{
    const struct an_wait_task *t = &g->tasks[task];
    for (; at->wait < t->n_waits; at->wait++, at->waker = 0) {
        const struct an_wait *w = &g->waits[t->first_wait + at->wait];
        while (at->waker < w->n_wakers) {
            uint32_t to = g->wakers[w->first_waker + at->waker++];
            if (g->tasks[to].stuck)
                return to;
        }
    }
    return AN_NONE;
}

static bool waits_for(const struct an_waitgraph *g, uint32_t from, uint32_t to, bool *ret_lock)
{
    const struct an_wait_task *t = &g->tasks[from];
    for (uint32_t k = 0; k < t->n_waits; k++) {
        const struct an_wait *w = &g->waits[t->first_wait + k];
        for (uint32_t j = 0; j < w->n_wakers; j++) {
            if (g->wakers[w->first_waker + j] == to) {
                *ret_lock = w->is_lock;
                return true;
            }
        }
    }
    return false;
}

/* --- components --- */

struct components {
    struct an_waitgraph *g;
    uint32_t *index, *low; /* index: order of discovery + 1; 0: not seen */
    uint32_t *stack, *path;
    struct edge *edges;
    bool *on_stack;
    uint32_t depth, height, seen;
    uint32_t *members; /* of the sets, in a row; members of set s from set_start[s] */
    uint32_t *set_start;
    uint32_t n_members;
};

static void enter(struct components *c, uint32_t task)
{
    c->index[task] = c->low[task] = ++c->seen;
    c->stack[c->height++] = task;
    c->on_stack[task] = true;
    c->path[c->depth] = task;
    c->edges[c->depth++] = (struct edge){0, 0};
}

/* A component is complete: it becomes a set if it is a cycle. */
static void take_component(struct components *c, uint32_t root)
{
    uint32_t first = c->height;
    do
        c->on_stack[c->stack[--first]] = false;
    while (c->stack[first] != root);
    uint32_t n = c->height - first;
    bool lock;
    if (n > 1 || waits_for(c->g, root, root, &lock)) {
        c->set_start[c->g->n_sets] = c->n_members;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t t = c->stack[first + i];
            c->g->tasks[t].in_cycle = true;
            c->g->tasks[t].set = c->g->n_sets;
            c->members[c->n_members++] = t;
        }
        c->g->n_sets++;
        c->set_start[c->g->n_sets] = c->n_members;
    }
    c->height = first;
}

static void explore(struct components *c, uint32_t from)
{
    enter(c, from);
    while (c->depth) {
        uint32_t t = c->path[c->depth - 1];
        uint32_t to = next_edge(c->g, t, &c->edges[c->depth - 1]);
        if (to == AN_NONE) {
            if (c->low[t] == c->index[t])
                take_component(c, t);
            if (--c->depth && c->low[t] < c->low[c->path[c->depth - 1]])
                c->low[c->path[c->depth - 1]] = c->low[t];
        } else if (!c->index[to]) {
            enter(c, to);
        } else if (c->on_stack[to] && c->index[to] < c->low[t]) {
            c->low[t] = c->index[to];
        }
    }
}

static bool find_components(struct components *c, struct an_waitgraph *g, const struct an_memory *m)
{
    size_t n = g->n_tasks;
    *c = (struct components){.g = g,
        .index = an_alloc(m, n * sizeof *c->index),
        .low = an_alloc(m, n * sizeof *c->low),
        .stack = an_alloc(m, n * sizeof *c->stack),
        .path = an_alloc(m, n * sizeof *c->path),
        .edges = an_alloc(m, n * sizeof *c->edges),
        .on_stack = an_alloc(m, n * sizeof *c->on_stack),
        .members = an_alloc(m, n * sizeof *c->members),
        .set_start = an_alloc(m, (n + 1) * sizeof *c->set_start)};
    if (!c->index || !c->low || !c->stack || !c->path || !c->edges || !c->on_stack || !c->members ||
        !c->set_start)
        return false;
    g->n_sets = 0;
    for (uint32_t t = 0; t < n; t++)
        if (g->tasks[t].stuck && !c->index[t])
            explore(c, t);
    return true;
}

/* --- a shortest cycle of each set --- */

struct search {
    uint32_t *from, *queue; /* from: the predecessor + 1, 0: not reached */
    uint32_t *cycle;
    uint32_t n_cycle; /* of all sets so far */
};

/* Breadth first from `start` until an edge comes back to it. The searched tasks' marks are cleared
 * again, so that the cost is that of the component. */
static uint32_t cycle_through(
    const struct an_waitgraph *g, struct search *s, uint32_t start, uint32_t *ret_cycle)
{
    uint32_t n = 0, length = 0, last = AN_NONE;
    s->queue[n++] = start;
    for (uint32_t next = 0; next < n && last == AN_NONE; next++) {
        struct edge e = {0, 0};
        uint32_t t = s->queue[next], to;
        while ((to = next_edge(g, t, &e)) != AN_NONE) {
            if (to == start) {
                last = t;
                break;
            }
            if (g->tasks[to].in_cycle && g->tasks[to].set == g->tasks[start].set && !s->from[to]) {
                s->from[to] = t + 1;
                s->queue[n++] = to;
            }
        }
    }
    for (uint32_t t = last; t != AN_NONE; t = t == start ? AN_NONE : s->from[t] - 1)
        ret_cycle[length++] = t;
    for (uint32_t i = 0; i < n; i++)
        s->from[s->queue[i]] = 0;
    for (uint32_t i = 0; i < length / 2; i++) {
        uint32_t t = ret_cycle[i];
        ret_cycle[i] = ret_cycle[length - 1 - i];
        ret_cycle[length - 1 - i] = t;
    }
    return length;
}

static bool waits_for_lock_inside(const struct an_waitgraph *g, uint32_t task)
{
    const struct an_wait_task *t = &g->tasks[task];
    for (uint32_t k = 0; k < t->n_waits; k++) {
        const struct an_wait *w = &g->waits[t->first_wait + k];
        for (uint32_t j = 0; j < w->n_wakers && w->is_lock; j++) {
            const struct an_wait_task *to = &g->tasks[g->wakers[w->first_waker + j]];
            if (to->in_cycle && to->set == t->set)
                return true;
        }
    }
    return false;
}

/* The cycle that is shown goes through a lock if the component has one. */
static void describe_set(struct components *c, struct search *s, uint32_t set)
{
    struct an_waitgraph *g = c->g;
    const uint32_t *members = &c->members[c->set_start[set]];
    uint32_t n = c->set_start[set + 1] - c->set_start[set], first = members[0];
    bool lock = waits_for_lock_inside(g, first);
    for (uint32_t i = 1; i < n; i++) {
        bool is_lock = waits_for_lock_inside(g, members[i]);
        if (is_lock > lock || (is_lock == lock && members[i] < first))
            first = members[i];
        lock |= is_lock;
    }
    struct an_wait_set *r = &g->sets[set];
    *r = (struct an_wait_set){
        .first = first, .cycle_first = s->n_cycle, .members = n, .has_lock = lock};
    r->cycle_length = cycle_through(g, s, first, &s->cycle[s->n_cycle]);
    s->n_cycle += r->cycle_length;
}

static bool describe_sets(struct components *c, const struct an_memory *m)
{
    struct an_waitgraph *g = c->g;
    struct search s = {.from = an_alloc(m, (size_t)g->n_tasks * sizeof *s.from),
        .queue = an_alloc(m, (size_t)g->n_tasks * sizeof *s.queue),
        .cycle = an_alloc(m, (size_t)g->n_tasks * sizeof *s.cycle)};
    g->sets = an_alloc(m, (size_t)g->n_sets * sizeof *g->sets);
    g->cycles = s.cycle;
    if (!s.from || !s.queue || !s.cycle || !g->sets)
        return false;
    for (uint32_t set = 0; set < g->n_sets; set++)
        describe_set(c, &s, set);
    return true;
}

/* --- who is behind --- */

static bool mark_behind(struct an_waitgraph *g, struct reverse *r, const struct an_memory *m)
{
    uint32_t *queue = an_alloc(m, (size_t)g->n_tasks * sizeof *queue), n = 0;
    if (!queue)
        return false;
    for (uint32_t t = 0; t < g->n_tasks; t++)
        if (g->tasks[t].in_cycle)
            queue[n++] = t;
    for (uint32_t next = 0; next < n; next++) {
        uint32_t set = g->tasks[queue[next]].set;
        for (uint32_t k = r->start[queue[next]]; k < r->start[queue[next] + 1]; k++) {
            struct an_wait_task *t = &g->tasks[r->owner[r->wait[k]]];
            if (!t->stuck || t->set != AN_NONE)
                continue;
            t->set = set;
            g->sets[set].behind++;
            queue[n++] = (uint32_t)(t - g->tasks);
        }
    }
    return true;
}

bool an_waitgraph_solve(struct an_waitgraph *g, const struct an_memory *memory)
{
    struct reverse r;
    struct components c;
    return turn_round(&r, g, memory) && reduce(g, &r, memory) && find_components(&c, g, memory) &&
           describe_sets(&c, memory) && mark_behind(g, &r, memory);
}
