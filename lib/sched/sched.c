/* SPDX-License-Identifier: MIT
 *
 * The scheduler proper: what a worker does on its g0 when the goroutine that parked found no
 * successor by itself. It runs timers that are due, looks at the global queue, steals, and at last
 * gives up its P and sleeps (m.c).
 *
 * No wake-up is lost: whoever makes work visible does so, passes a light fence and then looks for
 * idle Ps and spinning workers; whoever goes idle publishes that, passes a heavy fence and then
 * looks for work once more. At most half of the busy workers spin.
 */
#include "sched/g.h"

#include <gorc/time.h>

#include "arch/switch.h"
#include "base/misuse.h"
#include "os/futex.h"
#include "os/membarrier.h"
#include "sched/poller.h"
#include "sched/runq.h"
#include "sched/threadstate.h"

#define FAIR_TICKS 61u
#define STEAL_ROUNDS 4
#define SPIN_CHECKS 40
#define GLOBAL_SHARE 128u
#define POLL_PATIENCE 500000 /* a busy worker looks at descriptors that often */

/* --- the global queue --- */

void gorc__global_push(struct gorc__g *first, struct gorc__g *last, uint32_t n)
{
    last->next = NULL;
    gorc__lock(&gorc__sched.lock);
    if (gorc__sched.global_tail)
        gorc__sched.global_tail->next = first;
    else
        gorc__sched.global_head = first;
    gorc__sched.global_tail = last;
    atomic_fetch_add(&gorc__sched.global_count, n);
    gorc__unlock(&gorc__sched.lock);
}

/* A fair share of the global queue: one to run, the others to p's ring. */
static struct gorc__g *global_take(struct gorc__p *p, uint32_t limit)
{
    uint32_t count = atomic_load_explicit(&gorc__sched.global_count, memory_order_relaxed);
    if (count == 0)
        return NULL;
    gorc__lock(&gorc__sched.lock);
    count = atomic_load_explicit(&gorc__sched.global_count, memory_order_relaxed);
    uint32_t n = count / atomic_load_explicit(&gorc__sched.nprocs, memory_order_relaxed) + 1;
    if (n > limit)
        n = limit;
    if (n > count)
        n = count;
    struct gorc__g *first = gorc__sched.global_head, *g = first;
    for (uint32_t i = 0; i < n; i++)
        g = g->next;
    gorc__sched.global_head = g;
    if (!g)
        gorc__sched.global_tail = NULL;
    atomic_fetch_sub(&gorc__sched.global_count, n);
    gorc__unlock(&gorc__sched.lock);
    if (n == 0)
        return NULL;
    g = first->next;
    for (uint32_t i = 1; i < n; i++) {
        struct gorc__g *next = g->next;
        gorc__runq_push(p, g);
        g = next;
    }
    return first;
}

/* --- finding work --- */

static int64_t read_clock(void)
{
    int64_t now = gorc__now();
    if (now - gorc__now_coarse() > 50000)
        atomic_store_explicit(&gorc__sched.coarse_now, now, memory_order_relaxed);
    return now;
}

static void run_due_timers(struct gorc__p *p, int64_t now)
{
    if (atomic_load_explicit(&p->timers.next, memory_order_relaxed) <= now)
        gorc__timers_run(p, now);
}

bool gorc__work_visible(void)
{
    if (atomic_load(&gorc__sched.global_count) != 0)
        return true;
    uint32_t np = atomic_load_explicit(&gorc__sched.np, memory_order_acquire);
    for (uint32_t i = 0; i < np; i++)
        if (!gorc__runq_empty(atomic_load_explicit(&gorc__sched.ps[i], memory_order_acquire)))
            return true;
    return false;
}

static struct gorc__g *local_pop(struct gorc__p *p)
{
    struct gorc__g *g = p->run_next;
    if (!g)
        return gorc__runq_pop(p);
    p->run_next = NULL;
    return g;
}

/* Every 61 switches: global queue and ring take turns at going before run_next, so that a pair that
 * keeps waking each other starves nobody. */
static struct gorc__g *fair_pop(struct gorc__p *p)
{
    struct gorc__g *g = NULL;
    p->fair_turn = !p->fair_turn;
    if (p->fair_turn)
        g = global_take(p, 1);
    return g ? g : gorc__runq_pop(p);
}

static struct gorc__g *steal_once(struct gorc__m *m, struct gorc__p *p, int64_t now)
{
    uint32_t np = atomic_load_explicit(&gorc__sched.np, memory_order_acquire);
    uint32_t start = gorc__choose(&p->random, GORC__CHOOSE_VICTIM, np);
    (void)m;
    for (uint32_t i = 0; i < np; i++) {
        struct gorc__p *victim =
            atomic_load_explicit(&gorc__sched.ps[(start + i) % np], memory_order_acquire);
        if (victim == p)
            continue;
        struct gorc__g *g = gorc__runq_steal(p, victim);
        if (g)
            return g;
        if (atomic_load_explicit(&victim->timers.next, memory_order_relaxed) <= now) {
            gorc__timers_run(victim, now);
            g = local_pop(p);
            if (g)
                return g;
        }
    }
    return NULL;
}

static struct gorc__g *steal(struct gorc__m *m, struct gorc__p *p, int64_t now)
{
    uint32_t nprocs = atomic_load_explicit(&gorc__sched.nprocs, memory_order_relaxed);
    uint32_t np = atomic_load_explicit(&gorc__sched.np, memory_order_relaxed);
    if (np == 1)
        return NULL;
    if (!m->spinning) {
        uint32_t idle = atomic_load_explicit(&gorc__sched.nidle_ps, memory_order_relaxed);
        uint32_t busy = nprocs > idle ? nprocs - idle : 0;
        if (2 * atomic_load_explicit(&gorc__sched.spinning, memory_order_relaxed) >= busy)
            return NULL;
        m->spinning = true;
        atomic_fetch_add(&gorc__sched.spinning, 1);
    }
    for (int round = 0; round < STEAL_ROUNDS; round++) {
        struct gorc__g *g = steal_once(m, p, now);
        if (g || (g = global_take(p, GLOBAL_SHARE)) != NULL)
            return g;
        for (int i = 0; i < SPIN_CHECKS && !gorc__work_visible(); i++)
            gorc__cpu_relax();
    }
    return NULL;
}

/* The worker found work: if it was the last one spinning and there is more, another one looks. */
static void stop_spinning(struct gorc__m *m)
{
    if (!m->spinning)
        return;
    m->spinning = false;
    if (atomic_fetch_sub(&gorc__sched.spinning, 1) == 1 && gorc__work_visible())
        gorc__wake_if_idle();
}

/* Gives the P up and sleeps, unless work turned up meanwhile. */
static void go_idle(struct gorc__m *m, struct gorc__p *p)
{
    gorc__lock(&gorc__sched.lock);
    if (atomic_load_explicit(&gorc__sched.global_count, memory_order_relaxed) != 0) {
        gorc__unlock(&gorc__sched.lock);
        return;
    }
    m->p = NULL;
    gorc__idle_p_put(p);
    gorc__unlock(&gorc__sched.lock);
    if (m->spinning) {
        m->spinning = false;
        atomic_fetch_sub(&gorc__sched.spinning, 1);
    }
    gorc__membarrier();
    if (gorc__work_visible()) {
        gorc__lock(&gorc__sched.lock);
        p = gorc__idle_p_take();
        gorc__unlock(&gorc__sched.lock);
        if (p) {
            gorc__m_own(m, p);
            m->spinning = true;
            atomic_fetch_add(&gorc__sched.spinning, 1);
            return;
        }
    }
    gorc__m_sleep(m);
}

/* gorc_procs() has been lowered: what is queued here goes to the others. p has no worker. */
void gorc__p_retire(struct gorc__p *p)
{
    struct gorc__g *g;
    while ((g = local_pop(p)) != NULL)
        gorc__global_push(g, g, 1);
    gorc__lock(&gorc__sched.lock);
    gorc__idle_p_put(p);
    gorc__unlock(&gorc__sched.lock);
    gorc__wake_if_idle();
}

/* Descriptors that are ready, if no idle worker waits for them. */
static bool poll_now(int64_t now)
{
    if (!gorc__poller_wanted() || atomic_load_explicit(&gorc__sched.poller, memory_order_relaxed))
        return false;
    atomic_store_explicit(&gorc__sched.last_poll, now, memory_order_relaxed);
    struct gorc__g *list = gorc__poller_wait(INT64_MIN);
    bool some = list != NULL;
    while (list) {
        struct gorc__g *g = list;
        list = g->next;
        gorc__ready_tail(g);
    }
    return some;
}

bool gorc__poll_overdue(int64_t now, int64_t patience)
{
    return now - atomic_load_explicit(&gorc__sched.last_poll, memory_order_relaxed) > patience &&
           poll_now(now);
}

static struct gorc__g *look(struct gorc__m *m, struct gorc__p *p)
{
    bool fair = p->tick == p->slow_tick;
    int64_t now = read_clock();
    if (fair) /* only then: who yields in a loop must not put off the global queue for ever */
        p->slow_tick = p->tick + FAIR_TICKS;
    run_due_timers(p, now);
    if (fair)
        gorc__poll_overdue(now, POLL_PATIENCE);
    struct gorc__g *g = fair ? fair_pop(p) : NULL;
    if (!g)
        g = local_pop(p);
    if (!g)
        g = global_take(p, GLOBAL_SHARE);
    if (!g && poll_now(now))
        g = local_pop(p);
    if (!g)
        g = steal(m, p, now);
    return g;
}

/* A goroutine that owns its thread runs there only. */
static bool pass_on_locked(struct gorc__m *m, struct gorc__p *p, struct gorc__g *g)
{
    if (!g->locked_m) {
        g->locked_m = m;
        m->locked_g = g;
        return false;
    }
    if (g->locked_m == m)
        return false;
    stop_spinning(m);
    m->p = NULL;
    gorc__m_give(g->locked_m, p, g);
    return true;
}

/* GORC_DEBUG=migrate, on g0: the P goes on on another worker, and with it the goroutine that is to
 * move. */
static void move_away(struct gorc__m *m)
{
    struct gorc__p *p = m->p;
    m->moving = false;
    m->p = NULL;
    if (gorc__m_run(p, false))
        gorc__m_sleep(m);
}

static struct gorc__g *find_runnable(struct gorc__m *m)
{
    for (;;) {
        if (m->locked_g) {
            struct gorc__g *g = gorc__m_sleep_locked(m);
            if (g)
                return g;
        }
        if (GORC__UNLIKELY(m->moving))
            move_away(m);
        if (GORC__UNLIKELY(atomic_load(&m->taking))) {
            m->rests = true;
            gorc__op_slow(m);
            m->rests = false;
        }
        struct gorc__p *p = m->p;
        if (!p) {
            gorc__lock(&gorc__sched.lock);
            p = gorc__idle_p_take();
            gorc__unlock(&gorc__sched.lock);
            if (p)
                gorc__m_own(m, p);
            else
                gorc__m_sleep(m);
            continue;
        }
        if (GORC__UNLIKELY(p->id >= atomic_load(&gorc__sched.nprocs))) {
            m->p = NULL;
            gorc__p_retire(p);
            continue;
        }
        struct gorc__g *g = look(m, p);
        if (!g)
            go_idle(m, p);
        else if (!g->lock_thread || !pass_on_locked(m, p, g))
            return g;
    }
}

GORC__NO_ASAN _Noreturn void gorc__g0_loop(struct gorc__m *m)
{
    for (;;) {
        gorc__after_switch(m);
        struct gorc__g *g = find_runnable(m);
        stop_spinning(m);
        __atomic_store_n(&m->p->tick, m->p->tick + 1, __ATOMIC_RELAXED);
        m->g = g;
        g->m = m;
        atomic_store_explicit(&g->state, GORC__G_RUNNING, memory_order_relaxed);
        gorc__hook_switch(&g->hook, false);
        if (GORC__UNLIKELY(m->has_state))
            gorc__state_leave(m, &m->g0, g);
        if (g->is_new) {
            g->is_new = false;
            gorc__switch_first(&m->g0.sp, g->sp);
        } else {
            gorc__switch(&m->g0.sp, g->sp);
        }
        if (GORC__UNLIKELY(m->has_state))
            gorc__state_arrive(m, &m->g0);
    }
}

/* --- a worker whose P was taken, or that is asked to stop --- */

struct gorc__p *gorc__op_slow(struct gorc__m *m)
{
    for (;;) {
        gorc__lock(&m->take_lock);
        struct gorc__p *p = m->p;
        gorc__unlock(&m->take_lock);
        if (GORC__LIKELY(!atomic_load(&gorc__sched.stopping)))
            return p;
        atomic_fetch_add(&gorc__sched.stopped, 1);
        gorc__futex_wait(&gorc__sched.stopping, 1, INT64_MAX);
        atomic_fetch_sub(&gorc__sched.stopped, 1);
    }
}

/* --- GORC_DEBUG --- */

static void requeue(void *g)
{
    struct gorc__m *m = gorc__m_self();
    gorc__p_enqueue(m->p, g, true);
    m->moving = true;
}

/* In an operation at the start of a public call: true when the goroutine was elsewhere meanwhile
 * and the operation has ended. */
static bool disturb(struct gorc__m *m, struct gorc__p *p, struct gorc__g *self)
{
    if (self->lock_thread)
        return false;
    if (gorc__sched.debug & GORC__DEBUG_MIGRATE) {
        m->after = GORC__AFTER_CALL;
        m->after_fn = requeue;
    } else if (gorc__choose(&p->random, GORC__CHOOSE_YIELD, 4) == 0) {
        bool global = gorc__choose(&p->random, GORC__CHOOSE_QUEUE, 4) == 0;
        m->after = global ? GORC__AFTER_GLOBAL : GORC__AFTER_QUEUE;
    } else {
        return false;
    }
    m->after_arg = self;
    atomic_store_explicit(&self->state, GORC__G_RUNNABLE, memory_order_relaxed);
    gorc__switch_to_g0(self);
    return true;
}

struct gorc__g *gorc__reacquire(struct gorc__m *m)
{
    struct gorc__g *self = m->g;
    if (atomic_load(&m->inop))
        return self;
    if (GORC__UNLIKELY(gorc__sched.unwatched))
        gorc__fork_watch(m);
    if (GORC__UNLIKELY(m->foreign))
        return self;
    /* An operation that begins while sysmon takes the P makes it give up: a goroutine that does
     * nothing but begin operations would keep its P for ever. */
    gorc__lock(&m->take_lock);
    gorc__unlock(&m->take_lock);
    struct gorc__p *p = gorc__op_begin(m);
    if (!p) {
        gorc__lock(&gorc__sched.lock);
        p = gorc__idle_p_take();
        gorc__unlock(&gorc__sched.lock);
        if (p)
            gorc__m_own(m, p);
    }
    if (p) {
        if (GORC__LIKELY(!gorc__sched.debug) || !disturb(m, p, self))
            gorc__op_end(m);
        return self;
    }
    atomic_store_explicit(&self->state, GORC__G_RUNNABLE, memory_order_relaxed);
    m->after = GORC__AFTER_GLOBAL;
    m->after_arg = self;
    gorc__switch_to_g0(self);
    return self;
}
