/* SPDX-License-Identifier: MIT
 *
 * lib/inspect.h. Records of goroutines are never unmapped, so each can be read at any time.
 */
#include "inspect.h"

#include <gorc/time.h>

#include <time.h>

#include "arch/switch.h"
#include "chan/chan_impl.h"
#include "os/futex.h"
#include "sched/g.h"
#include "sched/stack.h"

static const struct {
    const char *text;
    enum gorc__object_kind kind;
} reasons[] = {
#define X(name, text, kind) {text, kind},
#include "sched/waitreason.def"
#undef X
};

struct walk {
    bool (*fn)(const struct gorc__inspect_g *g, void *arg);
    void *arg;
};

static void describe_wait(struct gorc__g *g, struct gorc__inspect_g *i)
{
    unsigned reason = g->reason < GORC__WAIT_COUNT ? g->reason : 0;
    i->reason = reasons[reason].text;
    i->object_kind = reasons[reason].kind;
    i->timed = g->timed || i->object_kind == GORC__OBJ_FD; /* the world outside may come */
    i->object = g->object;
    i->since = g->since;
    i->parks = g->parks;
    if (g->reason == GORC__WAIT_SELECT) {
        i->cases = g->cases;
        i->n_cases = g->n_cases;
    }
    if (i->object) {
        i->object_name = gorc__name_of(i->object);
        if (i->object_kind == GORC__OBJ_CHAN)
            i->object_created = gorc__chan_created(i->object);
        if (i->object_kind == GORC__OBJ_CHAN && gorc__timer_chan_pending(i->object))
            i->timed = true;
    }
    if (g->holder)
        i->holder = atomic_load_explicit(g->holder, memory_order_relaxed);
}

static bool visit(struct gorc__g *g, void *arg)
{
    struct walk *w = arg;
    uint32_t state = atomic_load_explicit(&g->state, memory_order_acquire);
    if (state == GORC__G_DEAD || (g->kind == GORC__KIND_FOREIGN && state != GORC__G_BLOCKED))
        return true;
    struct gorc__inspect_g i = {
        .goid = g->goid,
        .name = g->name,
        .state = (enum gorc__g_state)state,
        .is_foreign = g->kind == GORC__KIND_FOREIGN,
        .reason = "",
        .parent = g->parent,
        .created = g->created,
        .entry = (const void *)(uintptr_t)g->fn,
        .stack_lo = g->stack_lo,
        .stack_hi = g->stack_hi,
        .arg = g->arg,
        .locals = g->locals,
        .record = (uintptr_t)g,
        .record_end = (uintptr_t)(g + 1),
        .task = &g->hook,
    };
    const char *name = gorc__name_of(g);
    if (name)
        i.name = name;
    if (state == GORC__G_BLOCKED)
        describe_wait(g, &i);
    if (!i.is_foreign && (state == GORC__G_BLOCKED || state == GORC__G_RUNNABLE) && g->sp)
        gorc__switch_regs(g->sp, &i.regs);
    return w->fn(&i, w->arg);
}

void gorc__inspect_goroutines(bool (*fn)(const struct gorc__inspect_g *g, void *arg), void *arg)
{
    struct walk w = {fn, arg};
    struct gorc__sched *s = &gorc__sched;
    if (!atomic_load(&s->started) || !visit(s->main_g, &w) || !gorc__stack_each(visit, &w))
        return;
    for (struct gorc__g *g = atomic_load(&s->all_large); g; g = g->all_next)
        if (!visit(g, &w))
            return;
    for (struct gorc__g *g = atomic_load(&s->all_foreign); g; g = g->all_next)
        if (!visit(g, &w))
            return;
}

void gorc__inspect_roots(void (*fn)(uintptr_t word, void *arg), void *arg)
{
    uint32_t np = atomic_load(&gorc__sched.started) ? atomic_load(&gorc__sched.np) : 0;
    for (uint32_t i = 0; i < np; i++) {
        const struct gorc__timerheap *h = &atomic_load(&gorc__sched.ps[i])->timers;
        for (uint32_t k = 0; k < h->count && h->slots; k++)
            fn((uintptr_t)h->slots[k].timer, arg);
    }
    if (np)
        fn((uintptr_t)gorc__sched.main_g->locals, arg);
    for (struct gorc__g *g = atomic_load(&gorc__sched.all_foreign); g; g = g->all_next)
        if (atomic_load(&g->state) != GORC__G_DEAD)
            fn((uintptr_t)g->locals, arg);
}

uint64_t gorc__inspect_started(void)
{
    struct gorc__sched *s = &gorc__sched;
    if (!atomic_load(&s->started))
        return 0;
    uint64_t n = atomic_load(&s->goid_last);
    uint32_t np = atomic_load(&s->np);
    for (uint32_t i = 0; i < np; i++) {
        struct gorc__p *p = atomic_load(&s->ps[i]);
        n -= p->goid_end - p->goid_next; /* a batch not used up */
    }
    return n;
}

bool gorc__inspect_is_worker_thread(void)
{
    struct gorc__m *m = gorc__m_self();
    return (m && !m->foreign) || gorc__is_sysmon();
}

void gorc__inspect_chan(const void *chan, struct gorc__inspect_chan *ret)
{
    const struct gorc_chan *c = chan;
    *ret = (struct gorc__inspect_chan){
        .chan = c,
        .name = gorc__name_of(c),
        .len = atomic_load_explicit(&c->count, memory_order_relaxed),
        .cap = c->capacity,
        .last_sender = c->last_sender,
        .last_receiver = c->last_receiver,
        .created = c->created,
        .owner = c->timer                       ? "timer"
                 : c->keys && c->keys->close_at ? "context"
                                                : NULL,
        .is_owned = c->timer ? gorc__timer_chan_owned(c) : c->keys && c->keys->close_at,
    };
}

struct chan_walk {
    bool (*fn)(const struct gorc__inspect_chan *c, void *arg);
    void *arg;
};

static bool visit_chan(struct gorc__hidden_link *l, void *arg)
{
    struct chan_walk *w = arg;
    struct gorc__inspect_chan c;
    gorc__inspect_chan((const char *)l - offsetof(struct gorc_chan, link), &c);
    return c.is_owned || w->fn(&c, w->arg);
}

void gorc__inspect_chans(bool (*fn)(const struct gorc__inspect_chan *c, void *arg), void *arg)
{
    struct chan_walk w = {fn, arg};
    gorc__hidden_each(&gorc__chans, visit_chan, &w);
}

bool gorc__inspect_is_monitor(int tid)
{
    return tid == atomic_load(&gorc__sched.sysmon_tid);
}

bool gorc__inspect_worker(int tid, uintptr_t *ret_sp, bool *ret_idle)
{
    for (struct gorc__m *m = atomic_load(&gorc__sched.all_ms); m; m = m->all_next) {
        if (m->tid != tid)
            continue;
        *ret_idle = m->idle || m->rests;
        *ret_sp = m->start ? m->start : (uintptr_t)m->g0.sp;
        if (m->g == &m->g0 && !*ret_idle)
            *ret_sp = 0;
        return true;
    }
    return false;
}

bool gorc__inspect_is_firing(void)
{
    return atomic_load(&gorc__sched.firing) != 0;
}

/* --- stopping the workers --- */

static bool all_stopped(void)
{
    struct gorc__m *self = gorc__m_self();
    uint32_t running = 0;
    for (struct gorc__m *m = atomic_load(&gorc__sched.all_ms); m; m = m->all_next)
        running += m != self && __atomic_load_n(&m->p, __ATOMIC_ACQUIRE) != NULL;
    return atomic_load(&gorc__sched.stopped) >= running;
}

void gorc__inspect_stop(int64_t patience_ns)
{
    if (!atomic_load(&gorc__sched.started))
        return;
    struct gorc__m *self = gorc__m_self();
    int64_t deadline = gorc__now() + patience_ns;
    atomic_store(&gorc__sched.stopping, 1);
    for (struct gorc__m *m = atomic_load(&gorc__sched.all_ms); m; m = m->all_next)
        if (m != self)
            atomic_store(&m->taking, 1);
    while (!all_stopped() && gorc__now() < deadline) {
        struct timespec pause = {.tv_nsec = 50000};
        nanosleep(&pause, NULL);
    }
}

void gorc__inspect_resume(void)
{
    if (!atomic_load(&gorc__sched.started))
        return;
    for (struct gorc__m *m = atomic_load(&gorc__sched.all_ms); m; m = m->all_next)
        if (__atomic_load_n(&m->p, __ATOMIC_ACQUIRE))
            atomic_store(&m->taking, gorc__sched.debug != 0);
    atomic_store(&gorc__sched.stopping, 0);
    gorc__futex_wake(&gorc__sched.stopping, INT32_MAX);
}
