/* SPDX-License-Identifier: MIT
 *
 * Park, wake, yield: the switches between goroutines.
 *
 * A goroutine that parks picks its successor itself and switches to it directly; only when there is
 * none, and every 61 switches, does it switch to the worker's g0, which runs the scheduler proper
 * (sched.c). What must happen after the registers of the left side are saved (release the lock that
 * guards its wait queue, put it back on a run queue, free it) is noted in the M and done by the
 * resumed side: gorc__after_switch.
 *
 * From the switch on, `self->m` is the worker that resumed us; nothing of the earlier one is used.
 */
#include "sched/park.h"

#include <gorc/time.h>
#include <sched.h>

#include "arch/switch.h"
#include "base/misuse.h"
#include "sched/g.h"
#include "sched/runq.h"
#include "sched/threadstate.h"

struct gorc__sched gorc__sched;

_Thread_local struct gorc__m *gorc__self_m;

__attribute__((noinline)) struct gorc__m *gorc__m_self(void)
{
    return gorc__self_m;
}

__attribute__((noinline)) void gorc__m_set_self(struct gorc__m *m)
{
    gorc__self_m = m;
}

__attribute__((noinline)) struct gorc__g *gorc__self(void)
{
    struct gorc__m *m = gorc__self_m;
    if (GORC__UNLIKELY(!m))
        return gorc__attach();
    if (GORC__UNLIKELY(atomic_load_explicit(&m->taking, memory_order_relaxed)))
        return gorc__reacquire(m);
    return m->g;
}

uint64_t gorc__g_id(const struct gorc__g *g)
{
    return g->goid;
}

struct gorc__hook_task *gorc__g_task(struct gorc__g *g)
{
    return &g->hook;
}

int64_t gorc__now_coarse(void)
{
    return atomic_load_explicit(&gorc__sched.coarse_now, memory_order_relaxed);
}

/* --- switching --- */

void gorc__after_switch(struct gorc__m *m)
{
    uint32_t what = m->after;
    void *arg = m->after_arg;
    m->after = GORC__AFTER_NONE;
    switch (what) {
    case GORC__AFTER_UNLOCK:
        gorc__unlock(arg);
        break;
    case GORC__AFTER_CALL:
        m->after_fn(arg);
        break;
    case GORC__AFTER_QUEUE: /* nobody is woken for one that yields: it would only move around */
        gorc__runq_push(m->p, arg);
        break;
    case GORC__AFTER_GLOBAL:
        gorc__global_push(arg, arg, 1);
        gorc__wake_if_idle();
        break;
    case GORC__AFTER_DEAD:
        gorc__g_free(m, arg);
        break;
    default:
        break;
    }
}

/* The goroutine to switch to directly; NULL: ask the scheduler. */
static inline struct gorc__g *pick(struct gorc__p *p)
{
    uint32_t tick = p->tick;
    if (GORC__UNLIKELY(tick == p->slow_tick))
        return NULL;
    struct gorc__g *next = p->run_next;
    if (next)
        p->run_next = NULL;
    else
        next = gorc__runq_pop(p);
    if (next) {
        __atomic_store_n(&p->tick, tick + 1, __ATOMIC_RELAXED);
        if (GORC__UNLIKELY(next->lock_thread)) {
            gorc__runq_push(p, next);
            return NULL;
        }
    }
    return next;
}

static inline void after_switch(struct gorc__m *m)
{
    if (GORC__LIKELY(m->after == GORC__AFTER_UNLOCK)) {
        m->after = GORC__AFTER_NONE;
        gorc__unlock(m->after_arg);
    } else if (m->after != GORC__AFTER_NONE) {
        gorc__after_switch(m);
    }
}

/* `next`, or else the scheduler, becomes what runs on m. */
static inline struct gorc__g *install(struct gorc__m *m, struct gorc__g *next)
{
    if (GORC__UNLIKELY(!next)) {
        m->g = &m->g0;
        return &m->g0;
    }
    m->g = next;
    next->m = m;
    atomic_store_explicit(&next->state, GORC__G_RUNNING, memory_order_relaxed);
    return next;
}

/* The detector's part of it. */
static inline bool hook_install(struct gorc__m *m, struct gorc__g *next, bool leaves_thread)
{
    return gorc__hook_switch(next == &m->g0 ? NULL : &next->hook, leaves_thread);
}

/* In an operation. Leaves `self`, resumes `next` (NULL: the scheduler); returns when self is
 * resumed, its errno restored and the operation ended. */
GORC__NO_ASAN static inline void switch_to(
    struct gorc__g *self, struct gorc__m *m, struct gorc__g *next)
{
    self->saved_errno = *m->errno_location;
    next = install(m, next);
    bool noted = hook_install(m, next, !self->lock_thread);
    if (GORC__UNLIKELY(m->has_state))
        gorc__state_leave(m, self, next);
    if (GORC__UNLIKELY(next->is_new)) {
        next->is_new = false;
        gorc__switch_first(&self->sp, next->sp);
    } else {
        gorc__switch(&self->sp, next->sp);
    }
    m = self->m;
    if (GORC__UNLIKELY(m->has_state))
        gorc__state_arrive(m, self);
    after_switch(m);
    *m->errno_location = self->saved_errno;
    gorc__op_end(m);
    if (GORC__UNLIKELY(noted))
        gorc__hook_parked();
}

void gorc__switch_to_g0(struct gorc__g *self)
{
    switch_to(self, self->m, NULL);
}

static inline void prepare_park(struct gorc__g *self, enum gorc__wait_reason reason,
    const void *object, const _Atomic uint64_t *holder)
{
    self->reason = (uint8_t)reason;
    self->parks++;
    self->timed = false;
    self->object = object;
    self->holder = holder;
    self->since = gorc__now_coarse();
}

/* The worker's half of a park; what to do after the switch is noted in m. */
static inline void park_worker(struct gorc__g *self, struct gorc__m *m, struct gorc__p *p)
{
    struct gorc__g *next = NULL;
    atomic_store_explicit(&self->state, GORC__G_BLOCKED, memory_order_release);
    if (GORC__LIKELY(p != NULL && !self->lock_thread))
        next = pick(p);
    switch_to(self, m, next);
}

void gorc__park(struct gorc__g *self, struct gorc__lock *lock, enum gorc__wait_reason reason,
    const void *object, const _Atomic uint64_t *holder)
{
    prepare_park(self, reason, object, holder);
    if (GORC__UNLIKELY(self->kind == GORC__KIND_FOREIGN)) {
        gorc__foreign_prepare(self);
        if (lock)
            gorc__unlock(lock);
        gorc__foreign_wait(self, INT64_MAX);
        return;
    }
    struct gorc__m *m = self->m;
    struct gorc__p *p = gorc__op_begin(m);
    m->after = lock ? GORC__AFTER_UNLOCK : GORC__AFTER_NONE;
    m->after_arg = lock;
    park_worker(self, m, p);
}

void gorc__park_call(struct gorc__g *self, void (*after)(void *), void *arg,
    enum gorc__wait_reason reason, const void *object)
{
    prepare_park(self, reason, object, NULL);
    if (GORC__UNLIKELY(self->kind == GORC__KIND_FOREIGN)) {
        gorc__foreign_prepare(self);
        after(arg);
        gorc__foreign_wait(self, INT64_MAX);
        return;
    }
    struct gorc__m *m = self->m;
    struct gorc__p *p = gorc__op_begin(m);
    m->after = GORC__AFTER_CALL;
    m->after_fn = after;
    m->after_arg = arg;
    park_worker(self, m, p);
}

GORC__NO_ASAN struct gorc__g *gorc__g_leave(struct gorc__g *self)
{
    struct gorc__m *m = self->m;
    struct gorc__p *p = gorc__op_begin(m);
    struct gorc__g *next = p && !self->lock_thread ? pick(p) : NULL;
    m->after = self->kind == GORC__KIND_GOROUTINE ? GORC__AFTER_DEAD : GORC__AFTER_NONE;
    m->after_arg = self;
    next = install(m, next);
    hook_install(m, next, false);
    if (GORC__LIKELY(!m->has_state))
        return next;
    if (self->kind == GORC__KIND_GOROUTINE)
        gorc__state_leave_dead(m, self, next);
    else /* others may still use what lies on main's stack */
        gorc__state_leave(m, self, next);
    return next;
}

GORC__NO_ASAN void gorc__g_end(struct gorc__g *self)
{
    struct gorc__g *next = gorc__g_leave(self);
    bool is_new = next->is_new;
    next->is_new = false;
    if (is_new)
        gorc__switch_first(&self->sp, next->sp);
    else
        gorc__switch(&self->sp, next->sp);
    __builtin_unreachable();
}

/* --- waits with a deadline --- */

void gorc__claim_arm(struct gorc__g *self)
{
    atomic_store_explicit(&self->claim, 0, memory_order_relaxed);
}

bool gorc__claim(struct gorc__g *g)
{
    uint32_t unclaimed = 0;
    return atomic_compare_exchange_strong_explicit(
        &g->claim, &unclaimed, 1, memory_order_acq_rel, memory_order_relaxed);
}

struct timed_park {
    struct gorc__timer timer;
    void (*after)(void *);
    void *arg;
};

/* After the switch. The timer first: whoever is woken before it is pending could not cancel it. As
 * soon as it is, the parked side may resume, but cannot get past the lock that `after` releases. */
static void start_timed(void *arg)
{
    struct timed_park *t = arg;
    void (*after)(void *) = t->after;
    void *after_arg = t->arg;
    if (!gorc__timer_add(&t->timer))
        gorc__fatal("out of memory for a timer");
    if (after)
        after(after_arg);
}

bool gorc__park_until_call(struct gorc__g *self, void (*after)(void *), void *arg,
    enum gorc__wait_reason reason, const void *object, const _Atomic uint64_t *holder,
    int64_t deadline)
{
    prepare_park(self, reason, object, holder);
    self->timed = true;
    if (self->kind == GORC__KIND_FOREIGN) {
        gorc__foreign_prepare(self);
        if (after)
            after(arg);
        return gorc__foreign_wait(self, deadline);
    }
    struct timed_park t = {
        .timer = {.when = deadline, .g = self, .index = -1}, .after = after, .arg = arg};
    self->timed_out = false;
    struct gorc__m *m = self->m;
    struct gorc__p *p = gorc__op_begin(m);
    m->after = GORC__AFTER_CALL;
    m->after_fn = start_timed;
    m->after_arg = &t;
    park_worker(self, m, p);
    if (self->timed_out)
        return false;
    gorc__timer_cancel(&t.timer);
    return true;
}

static void unlock_call(void *lock)
{
    gorc__unlock(lock);
}

bool gorc__park_until(struct gorc__g *self, struct gorc__lock *lock, enum gorc__wait_reason reason,
    const void *object, const _Atomic uint64_t *holder, int64_t deadline)
{
    return gorc__park_until_call(
        self, lock ? unlock_call : NULL, lock, reason, object, holder, deadline);
}

/* --- waking --- */

static inline void make_ready(struct gorc__g *g, bool run_next)
{
    if (GORC__UNLIKELY(gorc__sched.is_child) && atomic_load(&g->state) == GORC__G_DEAD)
        return; /* it was left behind in the parent */
    if (GORC__UNLIKELY(g->kind == GORC__KIND_FOREIGN)) {
        gorc__foreign_wake(g);
        return;
    }
    struct gorc__m *m = gorc__m_self();
    struct gorc__p *p = NULL;
    uint32_t was = 1;
    if (GORC__LIKELY(m != NULL)) {
        was = atomic_load_explicit(&m->inop, memory_order_relaxed);
        p = gorc__op_begin(m);
    }
    atomic_store_explicit(&g->state, GORC__G_RUNNABLE, memory_order_relaxed);
    if (GORC__LIKELY(p != NULL)) {
        gorc__p_enqueue(p, g, run_next);
    } else {
        gorc__global_push(g, g, 1);
        gorc__wake_if_idle();
    }
    if (!was)
        gorc__op_end(m);
}

void gorc__ready(struct gorc__g *g)
{
    make_ready(g, true);
}

void gorc__ready_tail(struct gorc__g *g)
{
    make_ready(g, false);
}

/* --- yield --- */

void gorc__yield(struct gorc__g *self)
{
    if (self->kind == GORC__KIND_FOREIGN) {
        sched_yield();
        return;
    }
    struct gorc__m *m = self->m;
    struct gorc__p *p = gorc__op_begin(m);
    struct gorc__g *next = NULL;
    if (GORC__LIKELY(p != NULL && !self->lock_thread)) {
        bool slow = p->tick == p->slow_tick;
        next = pick(p);
        if (!next && !slow &&
            atomic_load_explicit(&gorc__sched.global_count, memory_order_relaxed) == 0 &&
            gorc__runq_empty(p)) {
            p->tick++; /* nobody else; but the scheduler gets its turn */
            gorc__op_end(m);
            return;
        }
    }
    atomic_store_explicit(&self->state, GORC__G_RUNNABLE, memory_order_relaxed);
    m->after = p ? GORC__AFTER_QUEUE : GORC__AFTER_GLOBAL;
    m->after_arg = self;
    switch_to(self, m, next);
}

void gorc_yield(void)
{
    gorc__yield(gorc__self());
}

bool gorc__can_spin(struct gorc__g *self)
{
    if (self->kind == GORC__KIND_FOREIGN)
        return false;
    struct gorc__p *p = __atomic_load_n(&self->m->p, __ATOMIC_RELAXED);
    uint32_t np = atomic_load_explicit(&gorc__sched.nprocs, memory_order_relaxed);
    uint32_t idle = atomic_load_explicit(&gorc__sched.nidle_ps, memory_order_relaxed) +
                    atomic_load_explicit(&gorc__sched.spinning, memory_order_relaxed);
    return np > 1 && idle + 1 < np && p && !gorc__runq_hides(p) && gorc__runq_empty(p);
}
