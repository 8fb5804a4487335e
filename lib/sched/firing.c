/* SPDX-License-Identifier: MIT
 *
 * Timers in the scheduler: when the first is due, what happens when it is, and who hears of a new
 * one. The heap itself is in timerheap.c.
 */
#include "sched/g.h"
#include "sched/runq.h"

#define TOGETHER 500000
#define MANY 16u

int64_t gorc__timers_next(void)
{
    int64_t next = INT64_MAX;
    uint32_t np = atomic_load_explicit(&gorc__sched.np, memory_order_acquire);
    for (uint32_t i = 0; i < np; i++) {
        struct gorc__p *p = atomic_load_explicit(&gorc__sched.ps[i], memory_order_acquire);
        int64_t when = atomic_load_explicit(&p->timers.next, memory_order_acquire);
        if (when < next)
            next = when;
    }
    return next;
}

/* They have been claimed, `list` by list->next. The caller runs the first itself, if it runs any
 * and has nothing else to run: one other worker is woken for the rest when all are there, not one
 * for each. */
static void ready_all(struct gorc__g *list)
{
    struct gorc__m *m = gorc__m_self();
    struct gorc__p *p = m && atomic_load_explicit(&m->inop, memory_order_relaxed) ? m->p : NULL;
    bool many = list && (list->next || (p && (gorc__runq_hides(p) || !gorc__runq_empty(p))));
    while (list) {
        struct gorc__g *g = list;
        list = g->next;
        if (p && g->kind != GORC__KIND_FOREIGN && !gorc__sched.is_child) {
            atomic_store_explicit(&g->state, GORC__G_RUNNABLE, memory_order_relaxed);
            gorc__runq_push(p, g);
        } else {
            gorc__ready_tail(g);
        }
    }
    if (p && many)
        gorc__wake_if_idle();
}

void gorc__timers_run(struct gorc__p *p, int64_t now)
{
    struct gorc__timerheap *h = &p->timers;
    struct gorc__g *first = NULL, **last = &first;
    struct gorc__timer *t;
    atomic_fetch_add(&gorc__sched.firing, 1);
    gorc__lock(&h->lock);
    while ((t = gorc__timerheap_pop_due(h, now)) != NULL) {
        if (t->fn) {
            gorc__unlock(&h->lock);
            t->fn(t);
            gorc__lock(&h->lock);
        } else if (gorc__claim(t->g)) {
            t->g->timed_out = true;
            *last = t->g;
            last = &t->g->next;
        }
    }
    *last = NULL;
    gorc__unlock(&h->lock);
    ready_all(first);
    atomic_fetch_sub(&gorc__sched.firing, 1);
}

static bool are_many_due(int64_t at)
{
    uint32_t np = atomic_load_explicit(&gorc__sched.np, memory_order_acquire), n = 0;
    for (uint32_t i = 0; i < np && n < MANY; i++)
        n += gorc__timerheap_due(
            &atomic_load_explicit(&gorc__sched.ps[i], memory_order_acquire)->timers, at, MANY - n);
    return n >= MANY;
}

/* Until when to sleep for a timer that is due at `next`. Many that are due one by one within
 * TOGETHER go off together: waking up for each costs more than what is woken. */
int64_t gorc__timers_together(int64_t next)
{
    int64_t now = gorc__now(), limit = now + TOGETHER;
    if (next >= limit || !are_many_due(limit) || (next <= now && are_many_due(now)))
        return next;
    return limit;
}

bool gorc__timer_add(struct gorc__timer *t)
{
    struct gorc__m *m = gorc__m_self();
    /* A function is called even if this worker never comes here again. */
    if (t->fn && !atomic_load_explicit(&gorc__sched.sysmon_started, memory_order_relaxed) &&
        !gorc__sysmon_start())
        return false;
    uint32_t was = m ? atomic_load_explicit(&m->inop, memory_order_relaxed) : 1;
    struct gorc__p *p = m ? gorc__op_begin(m) : NULL;
    struct gorc__p *home = p ? p : atomic_load(&gorc__sched.ps[0]);
    int64_t when = t->when;
    bool ok = gorc__timerheap_add(&home->timers, t); /* it may fire and be gone from here on */
    if (m && !was)
        gorc__op_end(m);
    gorc__sysmon_hurry(when);
    if (!p && ok)
        gorc__wake_worker(); /* it looks when the first timer is due before it sleeps */
    return ok;
}
