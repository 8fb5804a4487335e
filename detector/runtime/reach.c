/* SPDX-License-Identifier: MIT
 *
 * See reach.h. Roots are: the mappings (roots.c), the registers of all other threads, the caller's
 * own, the stacks of goroutines that run or may run, what the library itself keeps for the program
 * (pending timers), what the kernel keeps (epoll data).
 *
 * The main goroutine's stack and those of foreign threads are roots whatever they wait for.
 */
#include <string.h>
#include <time.h>

#include <gorc/select.h>

#include "base/lock.h"
#include "base/own.h"
#include "core/shadow.h"
#include "report/unwind.h"
#include "runtime/describe.h"
#include "runtime/reach.h"
#include "runtime/starved.h"
#include "runtime/thread.h"

enum {
    FIRST = 1024,
    TRIES = 20,
    STOP_NS = 2000000,
    REGS = 8,
    WAKE_BYTES = 2048,
    MAIN_FRAMES = 256
};

/* --- the goroutines --- */

static bool waits_outside(const struct gorc__inspect_g *g)
{
    if (g->state != GORC__G_BLOCKED || g->timed || g->is_foreign)
        return true;
    for (uint32_t i = 0; i < g->n_cases; i++)
        if (g->cases[i].chan && gorc__timer_chan_pending(g->cases[i].chan))
            return true;
    return false;
}

static bool grow(struct dt_reach *r)
{
    uint32_t cap = r->cap ? 2 * r->cap : FIRST;
    struct dt_reach_g *all = dt_arena_alloc(&r->arena, cap * sizeof *all);
    if (!all)
        return false;
    if (r->n)
        memcpy(all, r->all, r->n * sizeof *all);
    r->all = all;
    r->cap = cap;
    return true;
}

static bool add(const struct gorc__inspect_g *g, void *arg)
{
    struct dt_reach *r = arg;
    if (g->is_system || (r->n == r->cap && !grow(r))) {
        r->complete &= g->is_system;
        return true;
    }
    r->all[r->n++] = (struct dt_reach_g){.g = *g, .outside = waits_outside(g)};
    return true;
}

static uint32_t slot_of(const struct dt_reach *r, uint64_t goid)
{
    return (uint32_t)(goid * 0x9e3779b97f4a7c15u >> 20) & (r->slots - 1);
}

static bool index_goids(struct dt_reach *r)
{
    for (r->slots = 64; r->slots < 2 * r->n;)
        r->slots *= 2;
    r->by_goid = dt_arena_alloc(&r->arena, r->slots * sizeof *r->by_goid);
    for (uint32_t i = 0; r->by_goid && i < r->n; i++) {
        uint32_t s = slot_of(r, r->all[i].g.goid);
        while (r->by_goid[s])
            s = (s + 1) & (r->slots - 1);
        r->by_goid[s] = i + 1;
    }
    return r->by_goid != NULL;
}

uint32_t dt_reach_find(const struct dt_reach *r, uint64_t goid)
{
    for (uint32_t s = slot_of(r, goid); r->by_goid && r->by_goid[s]; s = (s + 1) & (r->slots - 1))
        if (r->all[r->by_goid[s] - 1].g.goid == goid)
            return r->by_goid[s] - 1;
    return AN_NONE;
}

/* --- heap blocks --- */

static bool add_block(uintptr_t start, size_t size, bool held, void *arg)
{
    return an_blockmap_add(arg, start, size, held);
}

static bool index_blocks(struct dt_reach *r)
{
    if (!an_blockmap_init(&r->map, &r->arena.memory) || !dt_block_each(add_block, &r->map))
        return false;
    an_blockmap_seal(&r->map);
    return true;
}

/* --- tasks --- */

static uint32_t count_objects(const struct gorc__inspect_g *g)
{
    return g->n_cases ? g->n_cases : 1;
}

/* The waits of a goroutine that nobody outside wakes. */
static void add_objects(struct dt_reach *r, uint32_t i, uint32_t *n)
{
    const struct gorc__inspect_g *g = &r->all[i].g;
    struct an_mark_task *t = &r->tasks[i];
    t->first_object = *n;
    if (g->n_cases) {
        for (uint32_t k = 0; k < g->n_cases; k++)
            r->objects[(*n)++] = (uintptr_t)g->cases[k].chan;
    } else {
        r->objects[(*n)++] = (uintptr_t)g->object;
    }
    t->n_objects = *n - t->first_object;
}

/* The thread that was stopped on this stack. */
static const struct dt_stopped *runner(const struct dt_reach *r, const struct gorc__inspect_g *g)
{
    for (uint32_t i = 0; i < r->world.n; i++) {
        const struct dt_stopped *s = &r->world.threads[i];
        if (s->has_regs && s->sp >= g->stack_lo && s->sp < g->stack_hi)
            return s;
    }
    return NULL;
}

static uintptr_t stack_pointer(const struct dt_reach *r, const struct gorc__inspect_g *g)
{
    if (g->regs.sp && (g->state == GORC__G_BLOCKED || g->state == GORC__G_RUNNABLE))
        return g->regs.sp;
    if (r->here >= g->stack_lo && r->here < g->stack_hi)
        return r->here;
    const struct dt_stopped *s = runner(r, g);
    if (!s)
        return g->goid == 1 ? 0 : g->stack_lo;
    uintptr_t sp = s->sp - 512; /* the red zone, and what a call may still use */
    return sp > g->stack_lo ? sp : g->stack_lo;
}

static bool copy_words(
    struct dt_reach *r, struct an_mark_task *t, const uintptr_t *words, uint32_t n)
{
    uintptr_t *copy = dt_arena_alloc(&r->arena, n * sizeof *copy);
    if (!copy)
        return false;
    memcpy(copy, words, n * sizeof *copy);
    t->words = copy;
    t->n_words = n;
    return true;
}

static bool add_goroutine(struct dt_reach *r, uint32_t i)
{
    const struct gorc__inspect_g *g = &r->all[i].g;
    struct an_mark_task *t = &r->tasks[i];
    t->live = r->all[i].outside || (g->goid == 1 && !r->watch.main_top);
    if (g->is_foreign)
        return true; /* its stack is a mapping like any other */
    t->stack_lo = g->stack_lo;
    t->stack_hi = t->slot_hi = g->stack_hi;
    if (g->goid != 1) {
        t->record = g->record;
        t->slot_hi = g->record_end;
    } else if (r->watch.main_top > g->regs.sp && r->watch.main_top < t->stack_hi) {
        t->stack_hi = t->slot_hi = r->watch.main_top; /* libc has pointers to its frames above */
    }
    t->sp = stack_pointer(r, g) & ~(uintptr_t)7;
    if (!t->sp) { /* main on an unknown stack: its own is a mapping like any other */
        t->stack_lo = t->stack_hi = t->slot_hi = 0;
        return true;
    }
    uintptr_t words[REGS] = {g->regs.bp, g->regs.bx, g->regs.r12, g->regs.r13, g->regs.r14,
        g->regs.r15, (uintptr_t)g->locals, (uintptr_t)g->arg};
    /* The argument counts until the function runs; then it is where the function has put it. */
    bool is_new = g->state == GORC__G_RUNNABLE;
    return copy_words(r, t, words, is_new ? 8 : 7);
}

static bool add_tasks(struct dt_reach *r)
{
    uint32_t n_objects = 0, n = 0;
    for (uint32_t i = 0; i < r->n; i++)
        n_objects += count_objects(&r->all[i].g);
    n_objects += r->n_resources;
    r->n_extra = r->world.n + 1;
    r->tasks = dt_arena_alloc(&r->arena, (r->n + r->n_extra) * sizeof *r->tasks);
    r->objects = dt_arena_alloc(&r->arena, n_objects * sizeof *r->objects);
    if (!r->tasks || !r->objects)
        return false;
    for (uint32_t i = 0; i < r->n; i++) {
        if (!add_goroutine(r, i))
            return false;
        if (!r->tasks[i].live)
            add_objects(r, i, &n);
    }
    for (uint32_t i = 0; i < r->world.n; i++) {
        const struct dt_stopped *s = &r->world.threads[i];
        struct an_mark_task *t = &r->tasks[r->n + i];
        t->live = true;
        if (s->is_idle)
            continue;
        if (!s->in_call && s->has_regs) {
            t->wake_lo = s->sp & ~(uintptr_t)7;
            t->wake_hi = t->wake_lo + WAKE_BYTES;
            if (t->wake_hi > s->stack_end)
                t->wake_hi = s->stack_end;
        }
        if (!copy_words(r, t, s->regs, s->n_regs))
            return false;
    }
    struct an_mark_task *kernel = &r->tasks[r->n + r->world.n];
    *kernel =
        (struct an_mark_task){.live = true, .words = r->roots.words, .n_words = r->roots.n_words};
    kernel->first_object = r->first_resource = n;
    kernel->n_objects = r->n_resources;
    for (uint32_t k = 0; k < r->n_resources; k++)
        r->objects[n++] = (uintptr_t)r->resources[k].object;
    r->marking.n_objects = n;
    return true;
}

/* --- looking --- */

static void library_root(uintptr_t word, void *arg)
{
    struct dt_reach *r = arg;
    dt_roots_add_word(&r->roots, &r->arena, word);
}

static void add_resource(struct dt_reach *r, struct dt_resource resource)
{
    if (r->n_resources == r->cap_resources) {
        uint32_t cap = r->cap_resources ? 2 * r->cap_resources : 64;
        struct dt_resource *fresh = dt_arena_alloc(&r->arena, cap * sizeof *fresh);
        if (!fresh)
            return;
        if (r->n_resources)
            memcpy(fresh, r->resources, r->n_resources * sizeof *fresh);
        r->resources = fresh;
        r->cap_resources = cap;
    }
    r->resources[r->n_resources++] = resource;
}

static bool timer_resource(const struct gorc__inspect_timer *t, void *arg)
{
    if (t->pending && t->chan)
        add_resource(
            arg, (struct dt_resource){.object = t->timer, .what = t->kind, .created = t->created});
    return true;
}

static bool chan_resource(const struct gorc__inspect_chan *c, void *arg)
{
    add_resource(
        arg, (struct dt_resource){
                 .object = c->chan, .what = "chan", .name = c->name, .created = c->created});
    return true;
}

static bool pending_context(const struct gorc__inspect_ctx *c, void *arg)
{
    if (c->comes && !c->cancelled) {
        library_root((uintptr_t)c->ctx, arg);
        library_root((uintptr_t)c->done, arg);
    }
    return true;
}

/* Values and the like cannot be cancelled; a deadline or a signal will do it. */
static bool context_root(const struct gorc__inspect_ctx *c, void *arg)
{
    if (!c->cancelled && !c->freed && !c->comes && strcmp(c->kind, "cancel") == 0)
        add_resource(
            arg, (struct dt_resource){
                     .object = c->ctx, .what = "context", .name = c->name, .created = c->created});
    return pending_context(c, arg);
}

static bool mark(struct dt_reach *r)
{
    if (!dt_roots_read(&r->roots, &r->world, r->here, r->watch.floor))
        return false;
    gorc__inspect_roots(library_root, r);
    if (!index_blocks(r) || !index_goids(r) || !add_tasks(r) || !dt_reach_holders(r))
        return false;
    struct an_marking *m = &r->marking;
    m->memory = &r->arena.memory;
    m->blocks = &r->map;
    m->read = r->watch.on ? dt_reach_memory : dt_roots_memory;
    m->arg = r->watch.on ? (void *)r : m;
    m->tasks = r->tasks;
    m->n_tasks = r->n + r->n_extra;
    m->objects = r->objects;
    m->holders = r->holders;
    m->n_holders = r->n_holders;
    m->roots = r->roots.ranges;
    m->n_roots = r->roots.n;
    m->stride = sizeof(uintptr_t);
    return an_mark(m);
}

/* Somebody may just be in the middle of a change: goes on, and is stopped again. */
static bool is_quiet(const struct dt_reach *r)
{
    for (uint32_t i = 0; i < r->world.n; i++) {
        const struct dt_thread *th = r->world.threads[i].thread;
        if (th && th->is_moving_block)
            return false;
    }
    size_t n;
    bool free_list = dt_own_try(&n) != NULL;
    if (free_list)
        dt_own_release();
    return free_list;
}

static bool has_starved(const struct dt_world *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        if (dt_starved(w->threads[i].tid))
            return true;
    return false;
}

static void stop(struct dt_reach *r)
{
    struct dt_patience patience = {.limit = TRIES};
    do {
        dt_world_stop(&r->world, &r->arena);
        r->complete = is_quiet(r);
        if (r->complete)
            return;
        dt_world_resume(&r->world);
    } while (dt_patience_pause(&patience, has_starved(&r->world)));
    dt_world_stop(&r->world, &r->arena);
}

static bool has_candidate(const struct dt_reach *r)
{
    for (uint32_t i = 0; i < r->n; i++)
        if (!r->all[i].outside && r->all[i].g.goid != 1)
            return true;
    return r->n_resources != 0;
}

/* A channel that a leaked goroutine refers to is told of with that one: channels are looked at when
 * what those refer to is marked too. */
static void find_lost(struct dt_reach *r, bool channels)
{
    for (uint32_t i = 0; r->complete && i < r->n_resources; i++)
        if ((strcmp(r->resources[i].what, "chan") == 0) == channels)
            r->resources[i].is_lost = !an_mark_reached(&r->marking, r->first_resource + i);
}

/* Would they be dead, too, if the locks were not known to be their holders'? */
static bool needs_holders(const struct dt_reach *r)
{
    for (uint32_t i = 0; i < r->n; i++)
        if (r->all[i].is_dead && r->tasks[i].n_holders &&
            an_mark_reached(&r->marking, r->tasks[i].first_object))
            return true;
    return false;
}

static void look(struct dt_reach *r, bool with_memory)
{
    stop(r);
    gorc__inspect_goroutines(add, r);
    if (!with_memory || !has_candidate(r)) {
        dt_world_resume(&r->world);
        return;
    }
    r->marked = mark(r);
    r->complete &= r->marked && r->world.complete && r->roots.complete &&
                   !r->marking.is_incomplete && dt_world_stood_still(&r->world);
    for (uint32_t i = 0; r->marked && i < r->n; i++)
        r->all[i].is_dead = r->complete && !r->tasks[i].live;
    if (r->watch.on) {
        r->by_holders = r->marked && needs_holders(r);
        dt_reach_waits(r);
        dt_world_resume(&r->world);
        return;
    }
    find_lost(r, false);
    dt_reach_waits(r);
    for (uint32_t i = 0; r->marked && i < r->n; i++)
        if (r->all[i].is_dead)
            an_mark_own(&r->marking, i, &r->all[i].blocks, &r->all[i].bytes);
    find_lost(r, true);
    dt_world_resume(&r->world);
}

static void begin(struct dt_reach *r, uintptr_t here)
{
    memset(r, 0, sizeof *r);
    dt_arena_init(&r->arena);
    r->complete = r->roots.complete = true;
    r->here = here;
}

void dt_reach_look(struct dt_reach *r, bool with_memory, uintptr_t here)
{
    begin(r, here);
    gorc__inspect_contexts(context_root, r);
    gorc__inspect_timers(timer_resource, r);
    gorc__inspect_chans(chan_resource, r);
    gorc__inspect_stop(STOP_NS);
    look(r, with_memory);
}

extern void __libc_start_main(void);
enum { START_SIZE = 0x200 };

/* Where libc's call of main() has put the return address. */
static bool find_main(const struct gorc__inspect_g *g, void *arg)
{
    uintptr_t pcs[MAIN_FRAMES], start = (uintptr_t)__libc_start_main - START_SIZE;
    struct dt_unwind_slots slots = {0};
    if (g->goid != 1 || g->state != GORC__G_BLOCKED || g->timed)
        return g->goid != 1;
    dt_goroutine_stack_slots(g, pcs, MAIN_FRAMES, &slots);
    for (uint32_t i = slots.n; i-- > 0;)
        if (*(const uintptr_t *)slots.at[i] - start < 2 * START_SIZE)
            *(uintptr_t *)arg = slots.at[i]; /* the innermost one counts */
    return false;
}

bool dt_reach_look_meanwhile(struct dt_reach *r, uintptr_t floor)
{
    begin(r, 0);
    r->watch.on = true;
    r->watch.floor = floor;
    gorc__inspect_contexts(pending_context, r);
    gorc__inspect_stop(STOP_NS);
    gorc__inspect_goroutines(find_main, &r->watch.main_top);
    look(r, true);
    if (r->solved)
        return true;
    dt_reach_drop(r);
    return false;
}

static dt_lock busy;
static bool over; /* guarded by busy */

void dt_reach_begin(bool is_last)
{
    dt_lock_take(&busy);
    over |= is_last;
}

bool dt_reach_try(void)
{
    if (!dt_lock_try(&busy))
        return false;
    if (over)
        dt_lock_drop(&busy);
    return !over;
}

void dt_reach_end(void)
{
    dt_lock_drop(&busy);
}

void dt_reach_forked(void)
{
    busy = 0;
}

void dt_reach_drop(struct dt_reach *r)
{
    dt_arena_drop(&r->arena);
}
