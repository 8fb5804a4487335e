/* SPDX-License-Identifier: MIT
 *
 * The life of a goroutine: go, the first and the last instruction, deferred calls, goexit.
 *
 * Ended goroutines are kept with their stacks, last in first out, per P, beyond 1024 globally. A
 * goroutine is freed by the side that its last switch resumed.
 */
#include <gorc/go.h>

#include <gorc/time.h>

#include "arch/switch.h"
#include "base/misuse.h"
#include "sched/g.h"
#include "sched/runq.h"
#include "sched/stack.h"
#include "sched/threadstate.h"

#define FREE_MAX 1024u /* what a full run queue leaves behind */
#define FREE_MOVE 512u
#define GOID_BATCH 16u

/* --- records --- */

static void move_to_global(struct gorc__p *p)
{
    gorc__lock(&gorc__sched.lock);
    for (uint32_t i = 0; i < FREE_MOVE; i++) {
        struct gorc__g *g = p->free;
        p->free = g->next;
        g->next = gorc__sched.global_free;
        gorc__sched.global_free = g;
    }
    gorc__sched.global_free_count += FREE_MOVE;
    gorc__unlock(&gorc__sched.lock);
    p->free_count -= FREE_MOVE;
}

static struct gorc__g *take_from_global(struct gorc__p *p)
{
    if (__atomic_load_n(&gorc__sched.global_free_count, __ATOMIC_RELAXED) == 0)
        return NULL;
    gorc__lock(&gorc__sched.lock);
    struct gorc__g *result = gorc__sched.global_free;
    if (result) {
        gorc__sched.global_free = result->next;
        gorc__sched.global_free_count--;
    }
    while (p && p->free_count < FREE_MOVE && gorc__sched.global_free) {
        struct gorc__g *g = gorc__sched.global_free;
        gorc__sched.global_free = g->next;
        gorc__sched.global_free_count--;
        g->next = p->free;
        p->free = g;
        p->free_count++;
    }
    if (gorc__sched.global_free_low > gorc__sched.global_free_count)
        gorc__sched.global_free_low = gorc__sched.global_free_count;
    gorc__unlock(&gorc__sched.lock);
    return result;
}

static struct gorc__g *g_new(struct gorc__p *p, size_t stack_size)
{
    if (GORC__UNLIKELY(stack_size != 0))
        return gorc__stack_new_sized(stack_size);
    if (GORC__LIKELY(p && p->free)) {
        struct gorc__g *g = p->free;
        p->free = g->next;
        p->free_count--;
        gorc__g_prefetch(g->next);
        return g;
    }
    struct gorc__g *g = take_from_global(p);
    return g ? g : gorc__stack_new(p);
}

void gorc__g_free(struct gorc__m *m, struct gorc__g *g)
{
    struct gorc__p *p = m->p;
    gorc__hook_end(&g->hook);
    /* The next goroutine there has nothing to do with this one. */
    gorc__hook_fresh((void *)g->stack_lo, g->stack_hi - g->stack_lo);
    atomic_store_explicit(&g->state, GORC__G_DEAD, memory_order_release);
    if (p)
        __atomic_store_n(&p->live, p->live - 1, __ATOMIC_RELAXED);
    else
        atomic_fetch_sub(&gorc__sched.extra_live, 1);
    if (GORC__UNLIKELY(g->locked_m != NULL)) {
        g->locked_m->locked_g = NULL;
        g->locked_m = NULL;
    }
    if (GORC__UNLIKELY(g->size_class != 0)) {
        gorc__stack_free_sized(g);
    } else if (GORC__LIKELY(p != NULL)) {
        g->next = p->free;
        p->free = g;
        if (++p->free_count > FREE_MAX)
            move_to_global(p);
    } else {
        gorc__lock(&gorc__sched.lock);
        g->next = gorc__sched.global_free;
        gorc__sched.global_free = g;
        gorc__sched.global_free_count++;
        gorc__unlock(&gorc__sched.lock);
    }
}

static uint64_t next_goid(struct gorc__p *p)
{
    if (!p)
        return atomic_fetch_add(&gorc__sched.goid_last, 1) + 1;
    if (p->goid_next == p->goid_end) {
        p->goid_next = atomic_fetch_add(&gorc__sched.goid_last, GOID_BATCH) + 1;
        p->goid_end = p->goid_next + GOID_BATCH;
    }
    return p->goid_next++;
}

/* --- go --- */

/* g runs from here on. */
static inline void launch(struct gorc__p *p, struct gorc__g *g)
{
    atomic_store_explicit(&g->state, GORC__G_RUNNABLE, memory_order_release);
    if (GORC__LIKELY(p != NULL)) {
        __atomic_store_n(&p->live, p->live + 1, __ATOMIC_RELAXED);
        gorc__p_enqueue(p, g, true);
    } else {
        atomic_fetch_add(&gorc__sched.extra_live, 1);
        gorc__global_push(g, g, 1);
        gorc__wake_if_idle();
    }
}

static inline void prepare(struct gorc__g *g, struct gorc__p *p, void (*fn)(void *), void *arg)
{
    g->goid = next_goid(p);
    g->fn = fn;
    g->arg = arg;
    g->is_new = true;
    g->defers = NULL;
    g->locals = NULL;
    g->saved_errno = 0;
    g->sp = gorc__switch_prepare((uintptr_t)g);
}

int gorc__spawn(void (*fn)(void *), void *arg, const char *name, size_t stack_size,
    bool lock_thread, const void *pc)
{
    struct gorc__g *self = gorc__self();
    if (GORC__UNLIKELY(!atomic_load_explicit(&gorc__sched.sysmon_started, memory_order_relaxed)) &&
        !gorc__sysmon_start())
        return -EAGAIN;
    struct gorc__m *m = self->m;
    struct gorc__p *p = gorc__op_begin(m);
    struct gorc__g *g = g_new(p, stack_size);
    if (GORC__UNLIKELY(!g)) {
        gorc__op_end(m);
        return -ENOMEM;
    }
    prepare(g, p, fn, arg);
    g->parent = self->goid;
    g->name = name;
    g->lock_thread = lock_thread;
    g->created = gorc__hook_place(pc);
    gorc__hook_go(&g->hook, g->goid, name, g->created);
    launch(p, g);
    gorc__op_end(m);
    return 0;
}

uint64_t gorc__goid_reserve(void)
{
    return next_goid(NULL);
}

int gorc__spawn_prepared(void (*fn)(void *), void *arg, uint64_t parent, gorc__place created,
    const struct gorc__hook_task *task, uint64_t goid)
{
    struct gorc__m *m = gorc__m_self();
    if (GORC__UNLIKELY(!atomic_load_explicit(&gorc__sched.sysmon_started, memory_order_relaxed)))
        gorc__sysmon_start(); /* without it the goroutine begins when the caller parks */
    uint32_t was = m ? atomic_load_explicit(&m->inop, memory_order_relaxed) : 1;
    struct gorc__p *p = m ? gorc__op_begin(m) : NULL;
    struct gorc__g *g = g_new(p, 0);
    if (g) {
        prepare(g, p, fn, arg);
        g->parent = parent;
        g->name = NULL;
        g->lock_thread = false;
        g->created = created;
        if (task->detect) {
            g->hook = *task;
            g->goid = goid;
        } else {
            gorc__hook_go(&g->hook, g->goid, NULL, created);
        }
        launch(p, g);
    }
    if (!was)
        gorc__op_end(m);
    return g ? 0 : -ENOMEM;
}

int gorc__spawn_for(void (*fn)(void *), void *arg, uint64_t parent, gorc__place created)
{
    struct gorc__hook_task none = {NULL};
    return gorc__spawn_prepared(fn, arg, parent, created, &none, 0);
}

static void go_failed(int err)
{
    gorc__fatal(
        err == -EAGAIN ? "cannot start the monitor thread" : "out of memory for a goroutine");
}

static void go_nil(const void *pc)
{
    gorc__misuse_simple("go-nil", "go of nil function", GORC__OBJ_GOROUTINE, NULL, pc);
}

void gorc_go(gorc_fn fn, void *arg)
{
    const void *pc = GORC__PC();
    int err = 0;
    if (GORC__UNLIKELY(!fn))
        go_nil(pc);
    else if (GORC__UNLIKELY((err = gorc__spawn(fn, arg, NULL, 0, false, pc)) != 0))
        go_failed(err);
}

int gorc_try_go(gorc_fn fn, void *arg)
{
    const void *pc = GORC__PC();
    if (fn)
        return gorc__spawn(fn, arg, NULL, 0, false, pc);
    go_nil(pc);
    return -EINVAL;
}

void gorc_go_with(const struct gorc_go_options *options, gorc_fn fn, void *arg)
{
    static const struct gorc_go_options none;
    const void *pc = GORC__PC();
    const struct gorc_go_options *o = options ? options : &none;
    int err = 0;
    if (!fn)
        go_nil(pc);
    else if ((err = gorc__spawn(fn, arg, o->name, o->stack_size, o->lock_thread, pc)) != 0)
        go_failed(err);
}

/* --- first and last instructions --- */

GORC__NO_ASAN struct gorc__successor gorc__g_main(void)
{
    struct gorc__m *m = gorc__m_self();
    struct gorc__g *g = m->g;
    if (GORC__UNLIKELY(m->has_state))
        gorc__state_begin(m, g);
    if (g->kind == GORC__KIND_G0)
        gorc__g0_loop(m);
    gorc__after_switch(m);
    *m->errno_location = 0;
    gorc__op_end(m);
    g->fn(g->arg);
    if (GORC__UNLIKELY(g->locals != NULL))
        gorc__locals_end(g);
    struct gorc__g *next = gorc__g_leave(g);
    struct gorc__successor successor = {next->sp, next->is_new};
    next->is_new = false;
    return successor;
}

void gorc_defer_push(struct gorc_defer_record *record, gorc_fn fn, void *arg)
{
    struct gorc__g *self = gorc__self();
    record->fn = fn;
    record->arg = arg;
    record->next = self->defers;
    record->owner = self;
    self->defers = record;
}

void gorc_defer_run(struct gorc_defer_record *record)
{
    struct gorc__g *self = record->owner;
    gorc_fn fn = record->fn;
    if (!fn)
        return; /* gorc_goexit ran it */
    record->fn = NULL;
    self->defers = record->next;
    fn(record->arg);
}

void gorc_goexit(void)
{
    struct gorc__g *self = gorc__self();
    if (self->kind == GORC__KIND_FOREIGN) {
        gorc__misuse_simple("goexit-outside-goroutine", "goexit outside a goroutine",
            GORC__OBJ_GOROUTINE, NULL, GORC__PC());
        gorc__fatal("gorc_goexit outside a goroutine");
    }
    while (self->defers)
        gorc_defer_run(self->defers);
    gorc__locals_end(self);
    if (self->kind == GORC__KIND_MAIN) {
        atomic_store(&self->state, GORC__G_DEAD);
        atomic_fetch_sub(&gorc__sched.extra_live, 1);
    }
    gorc__g_end(self);
}

/* --- queries --- */

uint64_t gorc_goid(void)
{
    return gorc__self()->goid;
}

size_t gorc_num_goroutines(void)
{
    gorc__self();
    int64_t n = atomic_load(&gorc__sched.extra_live);
    uint32_t np = atomic_load(&gorc__sched.np);
    for (uint32_t i = 0; i < np; i++)
        n += __atomic_load_n(&atomic_load(&gorc__sched.ps[i])->live, __ATOMIC_RELAXED);
    return n > 0 ? (size_t)n : 0;
}
