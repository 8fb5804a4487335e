/* SPDX-License-Identifier: MIT
 *
 * Property tests against the machine, which knows the truth:
 *  - who is dead after marking never runs again, whatever the others do (several futures of random
 *    steps are tried): no proven leak that is not one;
 *  - who is dead by an independent, exact account of what refers to what is dead after marking:
 *    every leak whose objects are unreachable is proven;
 *  - where only holders unlock, who is stuck in the wait-for graph never runs again either, and
 *    that is at least all who are dead;
 *  - where only holders unlock and the marking knows them, more are dead, who never run again
 *    either, and these are exactly those of the account that knows the holders.
 * AN_SEED and AN_RUNS choose; the seed of a failure is printed.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/marking.h"
#include "analysis/waitgraph.h"
#include "machine.h"

enum { STEPS = 160, FUTURES = 4, FUTURE_STEPS = 250, ARENA = 1 << 22 };

/* --- memory for the analysis: one arena, cleared after each --- */

static char *arena;
static size_t used;
static void *big[8]; /* sparse ones: not worth clearing */
static size_t n_big;

static void *arena_alloc(void *arg, size_t size)
{
    (void)arg;
    size = (size + 15) & ~(size_t)15;
    if (size >= 1 << 20)
        return n_big < sizeof big / sizeof *big ? big[n_big++] = calloc(1, size) : NULL;
    if (used + size > ARENA)
        return NULL;
    used += size;
    return memset(arena + used - size, 0, size);
}

static void arena_drop(void)
{
    used = 0;
    while (n_big)
        free(big[--n_big]);
}

/* --- the machine as the marking sees it --- */

struct view {
    struct machine *m;
    struct an_memory memory;
    struct an_blockmap map;
    struct an_mark_task tasks[M_TASKS];
    int number[M_TASKS]; /* the machine's task */
    uintptr_t objects[2 * M_TASKS];
    int blocks[2 * M_TASKS];
    uint32_t holders[M_TASKS];
    struct an_range roots[1];
    struct an_marking marking;
};

static const void *read_words(void *arg, uintptr_t addr, size_t size, size_t *ret_size)
{
    struct machine *m = ((struct view *)arg)->m;
    size_t at = addr - M_BASE;
    *ret_size = at < sizeof m->words ? sizeof m->words - at : 0;
    if (*ret_size > size)
        *ret_size = size;
    return *ret_size ? (const char *)m->words + at : NULL;
}

static void add_task(struct view *v, int task)
{
    struct an_marking *k = &v->marking;
    const struct m_task *t = &v->m->tasks[task];
    size_t word = m_stack_word(task);
    v->number[k->n_tasks] = task;
    struct an_mark_task *r = &v->tasks[k->n_tasks++];
    *r = (struct an_mark_task){
        .live = t->state == M_RUNS,
        .stack_lo = m_address(word),
        .sp = m_address(word + M_STACK - M_VARS),
        .stack_hi = m_address(word + M_STACK),
        .slot_hi = m_address(word + M_STACK),
        .first_object = k->n_objects,
    };
    for (int i = 0; t->state == M_BLOCKED && i < t->n_objects; i++) {
        v->blocks[k->n_objects] = t->object[i];
        v->objects[k->n_objects++] = t->object[i] < 0 ? 0 : m_block_address(t->object[i]);
        r->n_objects++;
    }
}

static void look(struct view *v, struct machine *m)
{
    arena_drop();
    v->m = m;
    v->memory = (struct an_memory){arena_alloc, NULL};
    cr_assert(an_blockmap_init(&v->map, &v->memory));
    for (int b = 0; b < m->n_blocks; b++)
        cr_assert(an_blockmap_add(
            &v->map, m_block_address(b), m_block_size(m, b), m->blocks[b].kind != M_FREE));
    an_blockmap_seal(&v->map);
    v->roots[0] = (struct an_range){M_BASE, M_BASE + sizeof m->words};
    v->marking = (struct an_marking){
        .memory = &v->memory,
        .blocks = &v->map,
        .read = read_words,
        .arg = v,
        .tasks = v->tasks,
        .objects = v->objects,
        .roots = v->roots,
        .n_roots = 1,
        .stride = 8,
    };
    for (int t = 0; t < M_TASKS; t++)
        if (m->tasks[t].state != M_NONE)
            add_task(v, t);
}

/* Stacks of the ended are nobody's: cut out of the roots, as the process does. */
static void mark(struct view *v)
{
    struct an_range roots[M_TASKS + 1];
    uint32_t n = 0;
    uintptr_t at = M_BASE;
    for (int t = 0; t < M_TASKS; t++) {
        if (v->m->tasks[t].state != M_NONE)
            continue;
        uintptr_t lo = m_address(m_stack_word(t));
        roots[n++] = (struct an_range){at, lo};
        at = lo + M_STACK * sizeof(uintptr_t);
    }
    roots[n++] = (struct an_range){at, M_BASE + sizeof v->m->words};
    v->marking.roots = roots;
    v->marking.n_roots = n;
    cr_assert(an_mark(&v->marking));
    cr_assert(!v->marking.is_incomplete);
}

/* --- the exact account --- */

struct account {
    bool block[M_BLOCKS], live[M_TASKS];
};

static void reach(const struct machine *m, struct account *a, const uintptr_t *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int b = m_block_of(words[i]);
        if (b < 0 || a->block[b] || m->blocks[b].kind == M_FREE)
            continue;
        a->block[b] = true;
        const uintptr_t *fields = m->words + (m_block_address(b) - M_BASE) / sizeof(uintptr_t);
        reach(m, a, fields, m_block_size(m, b) / sizeof(uintptr_t));
    }
}

/* Somebody live has the lock that the task waits for. */
static bool holder_lives(const struct machine *m, const struct account *a, int task)
{
    const struct m_task *k = &m->tasks[task];
    return k->op != M_LOCK || k->object[0] < 0 || m->blocks[k->object[0]].holder < 0 ||
           a->live[m->blocks[k->object[0]].holder];
}

static void account_for(const struct machine *m, struct account *a, bool holders)
{
    bool changed = true;
    memset(a, 0, sizeof *a);
    reach(m, a, m->words, 4 + M_GLOBALS);
    while (changed) {
        changed = false;
        for (int t = 0; t < M_TASKS; t++) {
            const struct m_task *k = &m->tasks[t];
            bool on = k->state == M_RUNS;
            for (int i = 0; k->state == M_BLOCKED && i < k->n_objects; i++)
                on |= k->object[i] >= 0 && a->block[k->object[i]] &&
                      (!holders || holder_lives(m, a, t));
            if (!on || a->live[t])
                continue;
            a->live[t] = changed = true;
            reach(m, a, m->words + m_stack_word(t) + M_STACK - M_VARS, M_VARS);
        }
    }
}

/* --- the wait-for graph, from what the marking found --- */

struct graph {
    struct view *v;
    struct an_wait_task tasks[M_TASKS];
    struct an_wait waits[2 * M_TASKS];
    uint32_t wakers[8192];
    struct an_waitgraph g;
    bool refers[M_TASKS][2 * M_TASKS];
    uint32_t looking;
};

static void found(void *arg, uint32_t object)
{
    struct graph *g = arg;
    g->refers[g->looking][object] = true;
}

static uint32_t number_of(const struct view *v, int task)
{
    for (uint32_t t = 0; t < v->marking.n_tasks; t++)
        if (v->number[t] == task)
            return t;
    return AN_NONE;
}

static void add_wait(struct graph *g, uint32_t task, uint32_t object)
{
    struct view *v = g->v;
    struct an_wait *w = &g->waits[g->g.n_waits++];
    int block = v->blocks[object];
    *w = (struct an_wait){.need = AN_ANY, .first_waker = g->g.n_wakers};
    if (v->m->tasks[v->number[task]].op == M_LOCK) {
        uint32_t holder = number_of(v, v->m->blocks[block].holder);
        w->is_lock = true;
        w->need = AN_ALL;
        /* A live holder that has lost the lock cannot unlock it. */
        bool lost = !an_mark_reached(&v->marking, object);
        if (holder != AN_NONE && !(lost && v->tasks[holder].live))
            g->wakers[g->g.n_wakers++] = holder;
    } else {
        w->unknown = an_mark_reached(&v->marking, object);
        for (uint32_t t = 0; t < v->marking.n_tasks; t++)
            for (uint32_t o = 0; o < v->marking.n_objects; o++)
                if (t != task && block >= 0 && v->blocks[o] == block && g->refers[t][o])
                    g->wakers[g->g.n_wakers++] = t;
    }
    w->n_wakers = g->g.n_wakers - w->first_waker;
}

static void solve(struct graph *g, struct view *v)
{
    memset(g, 0, sizeof *g);
    g->v = v;
    uint64_t budget = UINT64_MAX;
    for (uint32_t t = 0; t < v->marking.n_tasks; t++) {
        g->looking = t;
        if (!v->tasks[t].live)
            cr_assert(an_mark_refers(&v->marking, t, found, g, &budget));
    }
    for (uint32_t t = 0; t < v->marking.n_tasks; t++) {
        struct an_wait_task *k = &g->tasks[t];
        *k = (struct an_wait_task){.goes_on = v->m->tasks[v->number[t]].state == M_RUNS,
            .first_wait = g->g.n_waits,
            .n_waits = v->tasks[t].n_objects};
        for (uint32_t i = 0; i < k->n_waits; i++)
            add_wait(g, t, v->tasks[t].first_object + i);
    }
    g->g.tasks = g->tasks;
    g->g.n_tasks = v->marking.n_tasks;
    g->g.waits = g->waits;
    g->g.wakers = g->wakers;
    cr_assert(an_waitgraph_solve(&g->g, &v->memory));
}

/* --- the properties --- */

static uint64_t seen_dead, seen_held, seen_stuck, seen_cycles;

static void check_future(
    const struct machine *m, const bool *ended, const char *what, uint64_t seed)
{
    static struct machine f;
    for (uint64_t k = 0; k < FUTURES; k++) {
        f = *m;
        f.seed ^= (k + 1) * 0x5851f42d4c957f2du;
        for (int t = 0; t < M_TASKS; t++)
            f.tasks[t].has_run = false;
        for (int i = 0; i < FUTURE_STEPS && m_step(&f); i++)
            ;
        for (int t = 0; t < M_TASKS; t++)
            cr_assert(!ended[t] || !f.tasks[t].has_run, "seed %lu: a %s task has run", seed, what);
    }
}

static void add_holders(struct view *v)
{
    struct an_marking *k = &v->marking;
    k->holders = v->holders;
    for (uint32_t t = 0; t < k->n_tasks; t++) {
        const struct m_task *task = &v->m->tasks[v->number[t]];
        if (task->state != M_BLOCKED || task->op != M_LOCK || task->object[0] < 0)
            continue;
        uint32_t holder = number_of(v, v->m->blocks[task->object[0]].holder);
        if (holder == AN_NONE)
            continue;
        v->tasks[t].first_holder = k->n_holders;
        v->tasks[t].n_holders = 1;
        v->holders[k->n_holders++] = holder;
    }
}

static void check_holders(struct machine *m, const bool *dead, uint64_t seed)
{
    static struct view v;
    struct account a;
    bool held[M_TASKS] = {false};
    look(&v, m);
    add_holders(&v);
    mark(&v);
    account_for(m, &a, true);
    for (uint32_t t = 0; t < v.marking.n_tasks; t++) {
        int k = v.number[t];
        held[k] = !v.tasks[t].live;
        seen_held += held[k] && !dead[k];
        cr_assert_eq(v.tasks[t].live, a.live[k], "seed %lu: task %d, holders", seed, k);
        cr_assert(held[k] || !dead[k], "seed %lu: task %d is dead without holders", seed, k);
    }
    check_future(m, held, "held", seed);
}

static void check(struct machine *m, uint64_t seed)
{
    static struct view v;
    static struct graph g;
    struct account a;
    bool dead[M_TASKS] = {false}, stuck[M_TASKS] = {false};
    look(&v, m);
    mark(&v);
    account_for(m, &a, false);
    for (uint32_t t = 0; t < v.marking.n_tasks; t++) {
        int k = v.number[t];
        cr_assert_eq(v.tasks[t].live, a.live[k], "seed %lu: task %d is %s", seed, k,
            v.tasks[t].live ? "live by mistake" : "dead by mistake");
        dead[k] = !v.tasks[t].live;
        seen_dead += dead[k];
    }
    solve(&g, &v);
    for (uint32_t t = 0; t < v.marking.n_tasks; t++) {
        stuck[v.number[t]] = g.tasks[t].stuck;
        seen_stuck += g.tasks[t].stuck;
        cr_assert(!m->holder_unlocks || !dead[v.number[t]] || g.tasks[t].stuck,
            "seed %lu: dead task %d (op %d) is not stuck", seed, v.number[t],
            m->tasks[v.number[t]].op);
    }
    seen_cycles += g.g.n_sets;
    check_future(m, dead, "dead", seed);
    if (!m->holder_unlocks)
        return;
    check_future(m, stuck, "stuck", seed);
    check_holders(m, dead, seed);
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

Test(model, marking_and_waitgraph)
{
    uint64_t seed = number_from("AN_SEED", 1), runs = number_from("AN_RUNS", 1000);
    static struct machine m;
    arena = malloc(ARENA);
    for (uint64_t i = 0; i < runs; i++) {
        m_start(&m, seed + i);
        for (int step = 1; step <= STEPS && m_step(&m); step++)
            if (step % 40 == 0)
                check(&m, seed + i);
    }
    arena_drop();
    free(arena);
    printf("seeds %lu to %lu: %lu dead, %lu more by holders, %lu stuck, %lu cycles\n", seed,
        seed + runs - 1, seen_dead, seen_held, seen_stuck, seen_cycles);
    cr_assert(runs < 100 || (seen_dead > runs / 4 && seen_stuck > runs / 4 && seen_cycles > 10 &&
                                seen_held > 10),
        "the programs are too tame");
}
