/* SPDX-License-Identifier: MIT
 *
 * Deadlocks in a dump: analysis/waitgraph.h over what was read. Everybody who is blocked without a
 * time limit, and was so at both looks, waits for others:
 *  - for a lock or for the end of a thread: for its holder, for that thread;
 *  - on a channel: for whoever was last seen on its other side; when nobody was, and for wait
 * groups and conds, for everybody whose stack refers to the object. A circle of locks alone is
 * certain. In one that goes through a channel somebody unseen may still come: likely, and those who
 * refer to the channel and may go on are named.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/waitgraph.h"
#include "dump.h"
#include "util.h"

enum { MAX_NAMED = 6 };

struct graph {
    struct dump *d;
    struct an_waitgraph w;
    struct an_wait *waits;
    uint32_t *wakers;
    size_t cap_waits, cap_wakers;
};

/* --- who refers to what --- */

/* Objects waited for, and who has their address on the stack. */
struct reference {
    uint64_t addr;
    uint32_t *who;
    size_t n, cap;
};

struct references {
    struct reference *at; /* open addressing; addr 0: empty */
    size_t slots, used;
};

static struct reference *reference(struct references *r, uint64_t addr)
{
    size_t i = (addr * 0x9e3779b97f4a7c15u >> 20) & (r->slots - 1);
    while (r->at[i].addr && r->at[i].addr != addr)
        i = (i + 1) & (r->slots - 1);
    return &r->at[i];
}

static void want(struct references *r, uint64_t addr)
{
    if (addr)
        reference(r, addr)->addr = addr;
}

static const struct memory *stack_of(const struct task *k)
{
    return k->t ? &k->t->stack : k->g ? &k->g->stack : NULL;
}

static void scan(struct references *r, const struct memory *m, size_t who)
{
    for (size_t at = 0; m && at + 8 <= m->n; at += 8) {
        uint64_t word;
        memcpy(&word, m->bytes + at, 8);
        if (word < 4096)
            continue;
        struct reference *f = reference(r, word);
        if (!f->addr || (f->n && f->who[f->n - 1] == who))
            continue;
        f->who = grow(f->who, f->n, &f->cap, sizeof *f->who);
        f->who[f->n++] = (uint32_t)who;
    }
}

static void collect(const struct dump *d, struct references *r)
{
    size_t objects = d->goroutines.nchans + d->ntasks;
    for (r->slots = 64; r->slots < objects * 3; r->slots *= 2)
        ;
    r->at = xcalloc(r->slots, sizeof *r->at);
    for (size_t i = 0; i < d->goroutines.nchans; i++)
        want(r, d->goroutines.chans[i].addr);
    for (size_t i = 0; i < d->ntasks; i++)
        want(r, task_object(&d->tasks[i]));
    for (size_t i = 0; i < d->ntasks; i++)
        if (!d->tasks[i].idle_worker)
            scan(r, stack_of(&d->tasks[i]), i);
}

/* --- waits --- */

static int by_goid(const struct dump *d, uint64_t id)
{
    const struct goroutine *g = goroutine_by_id(&d->goroutines, id);
    return g ? (int)(g - d->goroutines.at) : NOBODY; /* tasks begin with the goroutines, in order */
}

static int by_ns_tid(const struct dump *d, int tid)
{
    for (size_t i = 0; tid && i < d->ntasks; i++)
        if (d->tasks[i].t && d->tasks[i].t->ns_tid == tid)
            return (int)i;
    return NOBODY;
}

static void add_wait(struct graph *g, struct an_wait_task *t, enum an_need need, bool is_lock)
{
    g->waits = grow(g->waits, g->w.n_waits, &g->cap_waits, sizeof *g->waits);
    g->waits[g->w.n_waits++] =
        (struct an_wait){.need = need, .is_lock = is_lock, .first_waker = g->w.n_wakers};
    t->n_waits++;
}

static void add_waker(struct graph *g, int who)
{
    if (who == NOBODY)
        return;
    g->wakers = grow(g->wakers, g->w.n_wakers, &g->cap_wakers, sizeof *g->wakers);
    g->wakers[g->w.n_wakers++] = (uint32_t)who;
    g->waits[g->w.n_waits - 1].n_wakers++;
}

static bool waits_for(const struct dump *d, const struct task *k, uint64_t addr)
{
    for (size_t i = 0; k->g && i < k->g->n_cases; i++)
        if (d->goroutines.chans[k->g->cases[i].chan].addr == addr)
            return true;
    return task_object(k) == addr;
}

/* All who have the address on their stack, but those who wait for it themselves. */
static void add_references(struct graph *g, struct references *r, uint64_t addr)
{
    const struct reference *f = reference(r, addr);
    for (size_t i = 0; i < f->n; i++)
        if (!waits_for(g->d, &g->d->tasks[f->who[i]], addr))
            add_waker(g, (int)f->who[i]);
}

/* When nobody is known to come, somebody unknown may. */
static void close_wait(struct graph *g)
{
    struct an_wait *w = &g->waits[g->w.n_waits - 1];
    w->unknown = w->n_wakers == 0;
}

static void add_case(
    struct graph *g, struct references *r, struct an_wait_task *t, const struct select_case *c)
{
    const struct chan_state *ch = &g->d->goroutines.chans[c->chan];
    add_wait(g, t, AN_ANY, false);
    add_waker(g, by_goid(g->d, c->send ? ch->last_receiver : ch->last_sender));
    if (!g->waits[g->w.n_waits - 1].n_wakers)
        add_references(g, r, ch->addr);
    close_wait(g);
}

static void add_goroutine(
    struct graph *g, struct references *r, struct an_wait_task *t, const struct goroutine *w)
{
    t->goes_on = !w->still || w->timed;
    switch (w->object_kind) {
    case OBJ_MUTEX:
    case OBJ_RWMUTEX:
    case OBJ_ONCE:
        add_wait(g, t, AN_ALL, true);
        add_waker(g, by_goid(g->d, w->holder));
        close_wait(g);
        break;
    case OBJ_CHAN:
    case OBJ_SELECT:
        for (size_t k = 0; k < w->n_cases; k++)
            add_case(g, r, t, &w->cases[k]);
        for (size_t k = 0; k < w->n_cases; k++)
            t->goes_on |= g->d->goroutines.chans[w->cases[k].chan].timer;
        t->goes_on |= !w->n_cases; /* a nil channel, no case: nobody else is concerned */
        break;
    case OBJ_WAITGROUP:
    case OBJ_COND:
    case OBJ_GROUP:
    case OBJ_SEM:
        add_wait(g, t, AN_ANY, false);
        add_references(g, r, w->object);
        close_wait(g);
        break;
    default:
        t->goes_on = true;
    }
}

static void add_thread(
    struct graph *g, struct references *r, struct an_wait_task *t, const struct task *k)
{
    t->goes_on = !k->t->still || k->wait.timed || k->wait.shared || !k->wait.kind;
    if (t->goes_on)
        return;
    add_wait(g, t, k->wait.holder ? AN_ALL : AN_ANY, k->wait.holder && k->wait.object);
    if (k->wait.holder)
        add_waker(g, by_ns_tid(g->d, k->wait.holder));
    else
        add_references(g, r, k->wait.object);
    close_wait(g);
}

static void add_task_waits(struct graph *g, struct references *r, size_t i)
{
    const struct task *k = &g->d->tasks[i];
    struct an_wait_task *t = &g->w.tasks[i];
    t->first_wait = g->w.n_waits;
    if (k->g && k->g->state == G_BLOCKED && !k->idle_worker)
        add_goroutine(g, r, t, k->g);
    else if (k->t && !k->idle_worker)
        add_thread(g, r, t, k);
    else
        t->goes_on = true;
}

/* --- the finding --- */

/* The wait of `from` that `to` could end. */
static const struct an_wait *wait_for(const struct graph *g, uint32_t from, uint32_t to)
{
    const struct an_wait_task *t = &g->w.tasks[from];
    for (uint32_t i = 0; i < t->n_waits; i++) {
        const struct an_wait *w = &g->waits[t->first_wait + i];
        for (uint32_t k = 0; k < w->n_wakers; k++)
            if (g->wakers[w->first_waker + k] == to)
                return w;
    }
    return NULL;
}

static uint32_t member(const struct graph *g, const struct an_wait_set *s, uint32_t i)
{
    return g->w.cycles[s->cycle_first + i % s->cycle_length];
}

static bool is_certain(const struct graph *g, const struct an_wait_set *s)
{
    for (uint32_t i = 0; i < s->cycle_length; i++) {
        const struct an_wait *w = wait_for(g, member(g, s, i), member(g, s, i + 1));
        if (!w || w->need != AN_ALL)
            return false;
    }
    return true;
}

static char *join(char *text, const char *more, const char *between)
{
    char *new = text ? xprintf("%s%s%s", text, between, more) : xstrdup(more);
    free(text);
    return new;
}

/* "a, b, c and 7 more" */
static char *names(const struct dump *d, const uint32_t *who, size_t n)
{
    char *text = NULL;
    for (size_t i = 0; i < n && i < MAX_NAMED; i++)
        text = join(text, task_label(d, &d->tasks[who[i]]), ", ");
    if (n > MAX_NAMED)
        text = join(text, xprintf("%zu more", n - MAX_NAMED), " and ");
    return text;
}

/* The channel of the wait of a member for the next one; NULL: it waits for something else. */
static const struct select_case *case_between(
    const struct graph *g, const struct an_wait_set *s, uint32_t i)
{
    uint32_t from = member(g, s, i);
    const struct goroutine *w = g->d->tasks[from].g;
    const struct an_wait *wait = wait_for(g, from, member(g, s, i + 1));
    if (!w || !w->n_cases || !wait || wait->need == AN_ALL)
        return NULL;
    return &w->cases[(uint32_t)(wait - g->waits) - g->w.tasks[from].first_wait];
}

static char *member_note(const struct graph *g, const struct an_wait_set *s, uint32_t i)
{
    const struct dump *d = g->d;
    uint32_t from = member(g, s, i), to = member(g, s, i + 1);
    const struct dump_task *shown = &d->process->dump[d->tasks[from].shown];
    const struct select_case *c = case_between(g, s, i);
    const struct an_wait *wait = wait_for(g, from, to);
    char *text = xprintf("waits: %s", shown->wait ? shown->wait : shown->state);
    char *next = task_label(d, &d->tasks[to]);
    if (wait && wait->need == AN_ALL)
        return text;
    if (!c)
        return join(text, next, "; who refers to it: ");
    const struct chan_state *ch = &d->goroutines.chans[c->chan];
    bool seen = (c->send ? ch->last_receiver : ch->last_sender) != 0;
    return join(text, next,
        !seen     ? "; who refers to it: "
        : c->send ? "; last received by "
                  : "; last sent by ");
}

/* Those who have the address of a channel of the circle and are not stuck. */
static char *others(const struct graph *g, struct references *r, const struct an_wait_set *s)
{
    uint32_t who[MAX_NAMED + 1];
    size_t n = 0;
    for (uint32_t i = 0; i < s->cycle_length; i++) {
        const struct select_case *c = case_between(g, s, i);
        if (!c)
            continue;
        const struct reference *f = reference(r, g->d->goroutines.chans[c->chan].addr);
        for (size_t k = 0; k < f->n && n <= MAX_NAMED; k++)
            if (!g->w.tasks[f->who[k]].stuck)
                who[n++] = f->who[k];
    }
    return n ? names(g->d, who, n) : NULL;
}

/* Whose waits end in the set. */
static char *behind(const struct graph *g, uint32_t set, size_t *ret_n)
{
    uint32_t *who = xcalloc(g->w.n_tasks + 1, sizeof *who);
    size_t n = 0;
    for (uint32_t i = 0; i < g->w.n_tasks; i++)
        if (g->w.tasks[i].stuck && g->w.tasks[i].set == set && !g->w.tasks[i].in_cycle)
            who[n++] = i;
    char *text = n ? names(g->d, who, n) : NULL;
    free(who);
    *ret_n = n;
    return text;
}

static const char *who_are(const struct graph *g, const struct an_wait_set *s)
{
    uint32_t goroutines = 0;
    for (uint32_t i = 0; i < s->cycle_length; i++)
        goroutines += g->d->tasks[member(g, s, i)].g != NULL;
    return goroutines == s->cycle_length ? "goroutines"
           : goroutines                  ? "goroutines and threads"
                                         : "threads";
}

static char *message(const struct graph *g, struct references *r, uint32_t set)
{
    const struct an_wait_set *s = &g->w.sets[set];
    size_t n;
    char *stuck = behind(g, set, &n), *free_to_go = others(g, r, s);
    char *text = s->cycle_length == 1
                     ? xprintf("it waits for itself")
                     : xprintf("%u %s wait for each other", s->cycle_length, who_are(g, s));
    if (n)
        text = join(text, xprintf("%zu more wait behind them: %s", n, stuck), "; ");
    if (free_to_go)
        text = join(text,
            xprintf("it can only end through one that refers to a channel of the circle and may "
                    "still run: %s",
                free_to_go),
            "\n");
    return text;
}

static void add_finding(struct graph *g, struct references *r, uint32_t set, size_t *cap)
{
    struct process *p = g->d->process;
    const struct an_wait_set *s = &g->w.sets[set];
    bool certain = is_certain(g, s);
    p->findings = grow(p->findings, p->nfindings, cap, sizeof *p->findings);
    struct finding *f = &p->findings[p->nfindings++];
    *f = (struct finding){.number = p->nfindings,
        .kind = xstrdup("deadlock"),
        .rule = xstrdup(certain ? "lock-cycle" : "mixed-cycle"),
        .words = xstrdup("deadlock"),
        .certainty = xstrdup(certain ? "certain" : "likely"),
        .message = message(g, r, set),
        .counts = true,
        .count = 1,
        .object = {.module = -1}};
    f->stacks = xcalloc(s->cycle_length, sizeof *f->stacks);
    f->nstacks = s->cycle_length;
    for (uint32_t i = 0; i < s->cycle_length; i++) {
        const struct task *k = &g->d->tasks[member(g, s, i)];
        const struct dump_task *shown = &p->dump[k->shown];
        f->stacks[i] = shown->stack;
        f->stacks[i].role = xstrdup("blocked");
        f->stacks[i].task = task_label(g->d, k);
        f->stacks[i].name = shown->name;
        f->stacks[i].note = member_note(g, s, i);
    }
}

static void *alloc(void *arg, size_t size)
{
    (void)arg;
    return xcalloc(1, size);
}

/* Main is task 0 when there are goroutines. */
static bool main_is_in(const struct graph *g, uint32_t set)
{
    const struct task *first = g->w.n_tasks ? &g->d->tasks[0] : NULL;
    return first && first->g && first->g->kind == KIND_MAIN && g->w.tasks[0].stuck &&
           g->w.tasks[0].set == set;
}

void dump_deadlocks(struct dump *d)
{
    const struct an_memory memory = {.alloc = alloc};
    struct graph g = {.d = d, .w = {.n_tasks = (uint32_t)d->ntasks}};
    struct references r = {0};
    size_t cap = 0;
    collect(d, &r);
    g.w.tasks = xcalloc(d->ntasks + 1, sizeof *g.w.tasks);
    for (size_t i = 0; i < d->ntasks; i++)
        add_task_waits(&g, &r, i);
    g.w.waits = g.waits;
    g.w.wakers = g.wakers;
    if (!an_waitgraph_solve(&g.w, &memory))
        return;
    for (uint32_t set = 0; set < g.w.n_sets; set++)
        if (g.w.sets[set].has_lock || main_is_in(&g, set))
            add_finding(&g, &r, set, &cap);
}
