/* SPDX-License-Identifier: MIT
 *
 * fork(): the child has the forking goroutine only, and what was pending.
 *
 * The handlers are registered when the library is loaded, after the detector's and before any of
 * the program's: prepare runs when theirs have, and before theirs it is over. What is locked over
 * fork() is the first start and the timer heaps; for changes of contexts see fork.h. All other
 * locks that somebody holds are left to the child, which takes them over (base/lock.h).
 */
#include "sched/fork.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "base/misuse.h"
#include "os/membarrier.h"
#include "sched/g.h"
#include "sched/poller.h"
#include "sched/stack.h"

/* --- before --- */

#define YIELDS 100
#define PATIENCE 10000 /* rounds, half a second at least */
#define FIRING_PATIENCE 1000

/* Of this thread, over fork(). */
static _Thread_local struct {
    uint32_t heaps;
    bool start;
} held __attribute__((tls_model("initial-exec")));

void gorc__undivided_wait(_Atomic uint32_t *count)
{
    do {
        atomic_store_explicit(count, 0, memory_order_release);
        while (atomic_load(&gorc__sched.forking))
            sched_yield();
        atomic_store(count, 1);
    } while (atomic_load(&gorc__sched.forking));
}

_Atomic uint32_t *gorc__undivided_shared(void)
{
    _Atomic uint32_t *count = &gorc__sched.undivided;
    atomic_fetch_add(count, 1);
    while (atomic_load(&gorc__sched.forking)) {
        atomic_fetch_sub(count, 1);
        while (atomic_load(&gorc__sched.forking))
            sched_yield();
        atomic_fetch_add(count, 1);
    }
    return count;
}

/* Not this thread, which is in a signal handler then. */
static bool somebody_is_changing(void)
{
    struct gorc__m *self = gorc__m_self();
    if (atomic_load(&gorc__sched.undivided))
        return true;
    for (struct gorc__m *m = atomic_load(&gorc__sched.all_ms); m; m = m->all_next)
        if (m != self && atomic_load(&m->undivided))
            return true;
    for (struct gorc__g *g = atomic_load(&gorc__sched.all_foreign); g; g = g->all_next)
        if (g->m && g->m != self && atomic_load(&g->m->undivided))
            return true;
    return false;
}

/* Whoever is waited for may be runnable only, behind others on another processor: for as long as
 * it takes until it is its turn there, yielding this one does nothing. */
static void give_time(int round)
{
    int saved = errno;
    struct timespec pause = {.tv_nsec = 50000};
    if (round < YIELDS)
        sched_yield();
    else
        nanosleep(&pause, NULL);
    errno = saved;
}

static void lock_heaps(void)
{
    held.heaps = atomic_load(&gorc__sched.np);
    for (uint32_t i = 0; i < held.heaps; i++)
        gorc__lock(&atomic_load(&gorc__sched.ps[i])->timers.lock);
}

static void unlock_heaps(void)
{
    for (; held.heaps > 0; held.heaps--)
        gorc__unlock(&atomic_load(&gorc__sched.ps[held.heaps - 1])->timers.lock);
}

/* Nobody may be changing a heap or a tree of contexts, nor have taken out what is due without
 * having seen to it. A signal handler that forks may have interrupted one of these: so not for
 * ever. */
static void stop_changes(void)
{
    for (int tries = 0;; tries++) {
        atomic_fetch_add(&gorc__sched.forking, 1);
        if (atomic_load(&gorc__sched.started))
            gorc__membarrier();
        for (int i = 0; i < PATIENCE && somebody_is_changing(); i++)
            give_time(i);
        lock_heaps();
        if (!atomic_load(&gorc__sched.firing) || tries == FIRING_PATIENCE)
            return;
        unlock_heaps(); /* it may be waiting for either */
        atomic_fetch_sub(&gorc__sched.forking, 1);
        give_time(tries);
    }
}

static void before_fork(void)
{
    for (int i = 0; i < PATIENCE && !held.start; i++) {
        held.start = gorc__try_lock(&gorc__start_lock);
        if (!held.start)
            give_time(i);
    }
    stop_changes();
}

static void in_parent(void)
{
    unlock_heaps();
    atomic_fetch_sub(&gorc__sched.forking, 1);
    if (held.start)
        gorc__unlock(&gorc__start_lock);
    held.start = false;
}

/* --- the child --- */

#define CALLS 8u

static void (*calls[CALLS])(void);
static _Atomic uint32_t n_calls;

void gorc__at_fork_child(void (*fn)(void))
{
    uint32_t i = atomic_fetch_add(&n_calls, 1);
    if (i >= CALLS)
        gorc__fatal("too many calls of gorc__at_fork_child");
    __atomic_store_n(&calls[i], fn, __ATOMIC_RELEASE);
}

static void run_calls(void)
{
    for (uint32_t i = 0; i < CALLS; i++) {
        void (*fn)(void) = __atomic_load_n(&calls[i], __ATOMIC_ACQUIRE);
        if (fn)
            fn();
    }
}

static void reset_g(struct gorc__g *g, struct gorc__g *self)
{
    if (g != self)
        atomic_store(&g->state, GORC__G_DEAD);
}

static bool reset_slot(struct gorc__g *g, void *self)
{
    reset_g(g, self);
    return true;
}

static void reset_goroutines(struct gorc__g *self)
{
    gorc__stack_each(reset_slot, self);
    for (struct gorc__g *g = atomic_load(&gorc__sched.all_large); g; g = g->all_next)
        reset_g(g, self);
    for (struct gorc__g *g = atomic_load(&gorc__sched.all_foreign); g; g = g->all_next)
        reset_g(g, self);
    reset_g(gorc__sched.main_g, self);
}

static void reset_sched(bool has_worker)
{
    struct gorc__sched *s = &gorc__sched;
    s->is_child = true;
    s->global_head = s->global_tail = NULL;
    s->idle_ps = NULL;
    s->idle_ms = NULL;
    s->global_free = NULL;
    s->global_free_count = s->global_free_low = 0;
    s->nms = has_worker;
    s->nasleep_ms = 0;
    atomic_store(&s->global_count, 0);
    atomic_store(&s->nidle_ps, 0);
    atomic_store(&s->spinning, 0);
    atomic_store(&s->timekeeper_when, INT64_MAX);
    atomic_store(&s->stopping, 0);
    atomic_store(&s->stopped, 0);
    atomic_store(&s->sysmon_started, 0);
    atomic_store(&s->sysmon_asleep, 0);
    atomic_store(&s->sysmon_until, 0);
    atomic_store(&s->foreign_asleep, 0);
    atomic_store(&s->firing, 0);
    atomic_store(&s->undivided, 0);
    atomic_store(&s->poller, NULL);
}

static void reset_p(struct gorc__p *p, bool heap_held, struct gorc__p *own)
{
    atomic_store(&p->head, 0);
    atomic_store(&p->tail, 0);
    p->run_next = p->hand = NULL;
    p->live = 0;
    p->m = NULL;
    gorc__timerheap_fork_child(&p->timers, heap_held);
    if (p != own) {
        p->free = NULL; /* their owner may have been changing the list */
        p->free_count = 0;
        gorc__idle_p_put(p);
    }
}

/* Somebody may have been changing their numbers, or how many may run: the own one may. */
static void reset_ps(struct gorc__p *own)
{
    uint32_t np = atomic_load(&gorc__sched.np), next = own != NULL;
    for (uint32_t i = 0; i < np; i++) {
        struct gorc__p *p = atomic_load(&gorc__sched.ps[i]);
        atomic_store(&p->id, p == own ? 0 : next++);
    }
    for (uint32_t i = np; i-- > 0;)
        reset_p(atomic_load(&gorc__sched.ps[i]), i < held.heaps, own);
}

static void reset(struct gorc__m *m)
{
    struct gorc__g *self = m ? m->g : NULL;
    bool is_worker = m && !m->foreign;
    struct gorc__p *own = is_worker ? m->p : NULL;
    reset_sched(is_worker);
    gorc__poller_fork_child();
    gorc__blocking_fork_child();
    atomic_store(&gorc__sched.extra_live, self && self->kind != GORC__KIND_FOREIGN);
    reset_goroutines(self);
    atomic_store(&gorc__sched.all_ms, is_worker ? m : NULL);
    if (is_worker) {
        m->all_next = NULL;
        atomic_store(&m->taking, own == NULL || gorc__sched.debug != 0);
    }
    reset_ps(own);
    if (own)
        own->m = m;
    gorc__membarrier_init();
    run_calls();
    if (gorc__timers_next() != INT64_MAX) {
        gorc__sched.unwatched = true;
        if (m)
            atomic_store(&m->taking, 1);
    }
}

static void in_child(void)
{
    gorc__lock_age.now++;
    atomic_store(&gorc__sched.forking, 0);
    if (atomic_load(&gorc__sched.started))
        reset(gorc__m_self());
    held.heaps = 0;
    if (held.start)
        gorc__unlock(&gorc__start_lock);
    held.start = false;
}

/* Not in the handler: most children only call exec. Without a thread for it, what is pending goes
 * off whenever this one calls. */
void gorc__fork_watch(struct gorc__m *m)
{
    gorc__sched.unwatched = false;
    if (m) {
        gorc__lock(&m->take_lock);
        atomic_store(&m->taking, (!m->foreign && !m->p) || gorc__sched.debug != 0);
        gorc__unlock(&m->take_lock);
    }
    if (!atomic_load(&gorc__sched.sysmon_started))
        gorc__sysmon_start();
}

/* --- registering --- */

/* Also for who calls gorc in a constructor of its own before. */
void gorc__fork_init(void)
{
    static _Atomic uint32_t done;
    if (!atomic_exchange(&done, 1))
        pthread_atfork(before_fork, in_parent, in_child);
}

__attribute__((constructor(102))) static void at_load(void)
{
    gorc__fork_init();
}
