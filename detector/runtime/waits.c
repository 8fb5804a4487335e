/* SPDX-License-Identifier: MIT
 *
 * The wait-for graph of the goroutines (analysis/waitgraph.h), from what they wait for and from
 * what the marking found.
 *
 *  - A lock: its holder ends the wait, the readers all together; a reader that waits, the writer
 *    before it. Where the lock is lost (nothing live refers to it) a live holder ends nothing.
 *  - Anything else: whoever refers to it. If something live does, nobody knows who; else it is
 * known exactly which of the dead do.
 *
 * With the world stopped: only reads, and takes memory from the arena.
 */
#include <string.h>

#include "core/task.h"
#include "runtime/reach.h"

enum { CLOSURE_BYTES = 64 << 20 };

struct pair {
    uint32_t object, task;
};

/* Who have a rwmutex for reading, or wait for it to write: in wakers. */
struct others {
    uintptr_t key; /* 0: free */
    bool known;
    uint32_t first, n;
};

struct builder {
    struct dt_reach *r;
    struct an_wait *waits;
    uint32_t n_waits;
    uint32_t *wakers, n_wakers, cap_wakers;
    struct others *others; /* open addressing; NULL: none yet */
    struct pair *pairs;    /* who refers to which object */
    uint32_t n_pairs, cap_pairs;
    uint32_t *by_object, *next; /* chains of pairs, index + 1 */
    uint32_t looking;
    bool failed;
};

static void *grow(struct builder *b, const void *old, uint32_t n, uint32_t *cap, size_t size)
{
    uint32_t fresh_cap = *cap ? 2 * *cap : 1024;
    void *fresh = dt_arena_alloc(&b->r->arena, fresh_cap * size);
    if (!fresh) {
        b->failed = true;
        return NULL;
    }
    if (n)
        memcpy(fresh, old, n * size);
    *cap = fresh_cap;
    return fresh;
}

static void add_waker(struct builder *b, uint32_t task)
{
    if (b->n_wakers == b->cap_wakers) {
        uint32_t *fresh = grow(b, b->wakers, b->n_wakers, &b->cap_wakers, sizeof *fresh);
        if (!fresh)
            return;
        b->wakers = fresh;
    }
    b->wakers[b->n_wakers++] = task;
}

/* --- who refers to what --- */

static void found(void *arg, uint32_t object)
{
    struct builder *b = arg;
    if (b->n_pairs == b->cap_pairs) {
        struct pair *fresh = grow(b, b->pairs, b->n_pairs, &b->cap_pairs, sizeof *fresh);
        if (!fresh)
            return;
        b->pairs = fresh;
    }
    b->pairs[b->n_pairs++] = (struct pair){object, b->looking};
}

/* False: too much to look at; nothing is known of those that remain. */
static bool find_references(struct builder *b)
{
    struct dt_reach *r = b->r;
    uint64_t budget = CLOSURE_BYTES;
    for (uint32_t i = 0; i < r->n; i++) {
        b->looking = i;
        if (r->all[i].is_dead && !an_mark_refers(&r->marking, i, found, b, &budget))
            return false;
    }
    b->by_object = dt_arena_alloc(&r->arena, (r->marking.n_objects + 1) * sizeof *b->by_object);
    b->next = dt_arena_alloc(&r->arena, (b->n_pairs + 1) * sizeof *b->next);
    if (!b->by_object || !b->next)
        return false;
    for (uint32_t k = 0; k < b->n_pairs; k++) {
        b->next[k] = b->by_object[b->pairs[k].object];
        b->by_object[b->pairs[k].object] = k + 1;
    }
    return true;
}

/* --- waits --- */

/* Many wait for the same rwmutex, and for the same others at it. */
static struct others *others_of(struct builder *b, const void *lock, bool reads)
{
    uintptr_t key = (uintptr_t)lock | reads; /* locks are at even addresses */
    uint32_t size = 64;
    while (size < 2 * b->r->n)
        size *= 2;
    if (!b->others)
        b->others = dt_arena_alloc(&b->r->arena, size * sizeof *b->others);
    if (!b->others)
        return NULL;
    uint32_t s = (uint32_t)(key * 0x9e3779b97f4a7c15u >> 32) & (size - 1);
    while (b->others[s].key && b->others[s].key != key)
        s = (s + 1) & (size - 1);
    b->others[s].key = key;
    return &b->others[s];
}

/* Readers that a writer waits for, or the writer that a reader waits for: of each lock, all tasks
 * are looked at once. */
static void find_others(struct builder *b, struct others *o, const void *lock, bool reads)
{
    o->known = true;
    o->first = b->n_wakers;
    for (uint32_t k = 0; k < b->r->n; k++) {
        const struct gorc__inspect_g *g = &b->r->all[k].g;
        if (reads ? g->state == GORC__G_BLOCKED && g->object == lock &&
                        strcmp(g->reason, "rwmutex lock") == 0
                  : dt_reach_holds(g, lock))
            add_waker(b, k);
    }
    o->n = b->n_wakers - o->first;
}

static void add_others(struct builder *b, const struct gorc__inspect_g *g, struct an_wait *w)
{
    bool reads = strcmp(g->reason, "rwmutex rlock") == 0;
    struct others *o = others_of(b, g->object, reads);
    if (o && !o->known)
        find_others(b, o, g->object, reads);
    if (o) {
        w->first_waker = o->first;
        w->n_wakers = o->n;
    }
    w->unknown = !o || o->n == 0;
}

static void add_lock_wait(struct builder *b, uint32_t i, struct an_wait *w)
{
    const struct dt_reach *r = b->r;
    const struct gorc__inspect_g *g = &r->all[i].g;
    w->is_lock = true;
    w->need = AN_ALL;
    if (g->holder) {
        uint32_t holder = dt_reach_find(r, g->holder);
        bool lost = r->all[i].is_dead;
        if (holder == AN_NONE)
            w->unknown = !lost; /* it has ended: lock-abandoned */
        else if (!(lost && !r->all[holder].is_dead))
            add_waker(b, holder);
        w->n_wakers = b->n_wakers - w->first_waker;
    } else if (g->object_kind == GORC__OBJ_RWMUTEX) {
        add_others(b, g, w);
    } else {
        w->unknown = true;
    }
}

static void add_wait(struct builder *b, uint32_t i, uint32_t object, bool known)
{
    struct an_wait *w = &b->waits[b->n_waits++];
    *w = (struct an_wait){.first_waker = b->n_wakers};
    if (gorc__inspect_is_lock(b->r->all[i].g.object_kind)) {
        add_lock_wait(b, i, w);
    } else if (!known || !b->r->all[i].is_dead) {
        w->unknown = true;
    } else {
        for (uint32_t k = b->by_object[object]; k; k = b->next[k - 1])
            if (b->pairs[k - 1].task != i) /* nobody wakes himself */
                add_waker(b, b->pairs[k - 1].task);
        w->n_wakers = b->n_wakers - w->first_waker;
    }
}

static bool has_lock_wait(const struct dt_reach *r)
{
    for (uint32_t i = 0; i < r->n; i++)
        if (!r->all[i].outside && gorc__inspect_is_lock(r->all[i].g.object_kind))
            return true;
    return false;
}

void dt_reach_waits(struct dt_reach *r)
{
    struct builder b = {.r = r};
    if (!r->marked || !has_lock_wait(r))
        return;
    bool known = find_references(&b);
    struct an_wait_task *tasks = dt_arena_alloc(&r->arena, r->n * sizeof *tasks);
    b.waits = dt_arena_alloc(&r->arena, (r->marking.n_objects + r->n) * sizeof *b.waits);
    if (!tasks || !b.waits)
        return;
    for (uint32_t i = 0; i < r->n; i++) {
        const struct an_mark_task *t = &r->tasks[i];
        tasks[i].goes_on = r->all[i].outside || !t->n_objects;
        tasks[i].first_wait = b.n_waits;
        for (uint32_t k = 0; !tasks[i].goes_on && k < t->n_objects; k++)
            add_wait(&b, i, t->first_object + k, known);
        tasks[i].n_waits = b.n_waits - tasks[i].first_wait;
    }
    r->graph = (struct an_waitgraph){.tasks = tasks,
        .n_tasks = r->n,
        .waits = b.waits,
        .n_waits = b.n_waits,
        .wakers = b.wakers,
        .n_wakers = b.n_wakers};
    r->solved = !b.failed && an_waitgraph_solve(&r->graph, &r->arena.memory);
}

uint64_t dt_reach_next(const struct dt_reach *r, uint64_t goid, bool *ret_no_cycle)
{
    *ret_no_cycle = false;
    uint32_t i = r->solved ? dt_reach_find(r, goid) : AN_NONE;
    if (i == AN_NONE)
        return 0;
    const struct an_wait_task *t = &r->graph.tasks[i];
    const struct an_wait_set *s = t->set == AN_NONE ? NULL : &r->graph.sets[t->set];
    *ret_no_cycle = r->all[i].is_dead && !(s && s->has_lock);
    for (uint32_t k = 0; s && s->has_lock && k < s->cycle_length; k++) {
        const uint32_t *c = &r->graph.cycles[s->cycle_first];
        if (c[k] == i)
            return r->all[c[(k + 1) % s->cycle_length]].g.goid;
    }
    return 0;
}
