/* SPDX-License-Identifier: MIT
 *
 * Workers: OS threads, their sleep, and the passing round of Ps. Everything about who is idle is
 * guarded by sched.lock. A worker never ends; the number of workers is that of the Ps, plus one for
 * each goroutine that blocks its thread.
 */
#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/misuse.h"
#include "os/futex.h"
#include "os/membarrier.h"
#include "os/vm.h"
#include "sched/g.h"
#include "sched/poller.h"
#include "sched/runq.h"
#include "sched/threadstate.h"

#define WORKER_STACK ((size_t)256 << 10)
#define HURRY_INTERVAL 1000000
#define ALT_STACK ((size_t)64 << 10)

static _Atomic uint32_t last_id;

struct gorc__m *gorc__m_new(void)
{
    struct gorc__m *m = gorc__alloc_line_opaque(sizeof *m);
    if (!m)
        return NULL;
    m->id = atomic_fetch_add(&last_id, 1) + 1;
    m->g0.kind = GORC__KIND_G0;
    m->g0.m = m;
    m->g = &m->g0;
    gorc__random_seed(&m->random, gorc__sched.seed, 1000 + m->id);
    m->all_next = atomic_load(&gorc__sched.all_ms);
    while (!atomic_compare_exchange_weak(&gorc__sched.all_ms, &m->all_next, m))
        ;
    return m;
}

/* On the thread itself. Gives it an alternate signal stack if the program has not: a handler with
 * SA_ONSTACK then works even when a goroutine has used its stack up. */
void gorc__m_thread_setup(struct gorc__m *m)
{
    stack_t now;
    m->errno_location = __errno_location();
    gorc__state_setup(m);
    m->tid = (int)syscall(SYS_gettid);
    m->thread = pthread_self();
    gorc__m_set_self(m);
    if (sigaltstack(NULL, &now) == 0 && (now.ss_flags & SS_DISABLE)) {
        void *memory = gorc__vm_reserve(ALT_STACK);
        if (memory && gorc__vm_commit(memory, ALT_STACK)) {
            stack_t alt = {.ss_sp = memory, .ss_size = ALT_STACK};
            sigaltstack(&alt, NULL);
        }
    }
}

static void *worker(void *arg)
{
    struct gorc__m *m = arg;
    gorc__m_thread_setup(m);
    gorc__hook_switch(NULL, false);
    m->start = (uintptr_t)__builtin_frame_address(0);
    gorc__g0_loop(m);
}

/* The only place where a worker gets a P. */
void gorc__m_own(struct gorc__m *m, struct gorc__p *p)
{
    gorc__lock(&m->take_lock);
    m->p = p;
    __atomic_store_n(&p->m, m, __ATOMIC_RELEASE);
    atomic_store(&m->taking, atomic_load(&gorc__sched.stopping) | (gorc__sched.debug != 0));
    gorc__unlock(&m->take_lock);
}

/* The worker's goroutine is about to block the thread: others may have the P. */
void gorc__m_release(struct gorc__m *m)
{
    struct gorc__p *p = gorc__op_begin(m);
    if (p) {
        gorc__lock(&m->take_lock);
        m->p = NULL;
        atomic_store(&m->taking, 1);
        gorc__unlock(&m->take_lock);
    }
    gorc__op_end(m);
    if (p)
        gorc__hand_off(p);
}

/* --- idle Ps; sched.lock held --- */

struct gorc__p *gorc__idle_p_take(void)
{
    struct gorc__p **link = &gorc__sched.idle_ps;
    uint32_t nprocs = atomic_load_explicit(&gorc__sched.nprocs, memory_order_relaxed);
    while (*link && (*link)->id >= nprocs)
        link = &(*link)->idle_next;
    struct gorc__p *p = *link;
    if (!p)
        return NULL;
    *link = p->idle_next;
    p->idle_next = NULL;
    atomic_fetch_sub(&gorc__sched.nidle_ps, 1);
    if (atomic_load_explicit(&gorc__sched.sysmon_asleep, memory_order_relaxed))
        gorc__sysmon_wake();
    return p;
}

/* nidle_ps counts those that may run. */
void gorc__idle_p_put(struct gorc__p *p)
{
    __atomic_store_n(&p->m, NULL, __ATOMIC_RELEASE);
    p->idle_next = gorc__sched.idle_ps;
    gorc__sched.idle_ps = p;
    if (p->id < atomic_load_explicit(&gorc__sched.nprocs, memory_order_relaxed))
        atomic_fetch_add(&gorc__sched.nidle_ps, 1);
}

/* --- sleep and wake --- */

static void idle_m_remove(struct gorc__m *m)
{
    struct gorc__m **link = &gorc__sched.idle_ms;
    while (*link != m)
        link = &(*link)->idle_next;
    *link = m->idle_next;
    m->idle_next = NULL;
    m->idle = false;
    gorc__sched.nasleep_ms--;
    m->woken_from_poll = m->polls;
    if (m->polls) {
        m->polls = false;
        atomic_store(&gorc__sched.poller, NULL);
    }
    if (m->keeps_time) {
        m->keeps_time = false;
        atomic_store(&gorc__sched.timekeeper_when, INT64_MAX);
    }
}

/* The timer is due: take a P and see to it. Without an idle P the busy ones do. */
static bool wake_by_timer(struct gorc__m *m)
{
    gorc__lock(&gorc__sched.lock);
    if (!m->idle) { /* somebody is about to wake us with a P */
        gorc__unlock(&gorc__sched.lock);
        return false;
    }
    struct gorc__p *p = gorc__idle_p_take();
    if (p) {
        idle_m_remove(m);
    } else if (m->keeps_time) {
        m->keeps_time = false;
        atomic_store(&gorc__sched.timekeeper_when, INT64_MAX);
    }
    gorc__unlock(&gorc__sched.lock);
    if (!p) {
        gorc__sysmon_hurry(gorc__now()); /* it has counted on us */
        return false;
    }
    gorc__m_own(m, p);
    return true;
}

/* It was taken from the idle, or handed a P. The break comes first: m takes it back at `wake`. */
static void wake(struct gorc__m *m)
{
    bool polls = m->woken_from_poll;
    if (polls)
        gorc__poller_break();
    atomic_store_explicit(&m->wake, 1, memory_order_release);
    if (!polls)
        gorc__futex_wake(&m->wake, 1);
}

/* Somebody may sit in a system call with the P: sysmon looks, at most every millisecond. */
static void hurry_sysmon(void)
{
    static _Atomic int64_t again;
    int64_t now = gorc__now();
    if (now < atomic_load_explicit(&again, memory_order_relaxed))
        return;
    atomic_store_explicit(&again, now + HURRY_INTERVAL, memory_order_relaxed);
    gorc__sysmon_hurry(now);
}

/* Goroutines whose descriptors are ready: with an idle P this worker runs them, else the busy ones
 * do. */
static bool wake_by_events(struct gorc__m *m, struct gorc__g *list)
{
    gorc__lock(&gorc__sched.lock);
    struct gorc__p *p = m->idle ? gorc__idle_p_take() : NULL;
    if (p)
        idle_m_remove(m);
    gorc__unlock(&gorc__sched.lock);
    if (p)
        gorc__m_own(m, p);
    else
        hurry_sysmon();
    while (list) {
        struct gorc__g *g = list;
        list = g->next;
        gorc__ready_tail(g);
    }
    return p != NULL;
}

/* Sleeps until woken with a P, a timer is due, or, for the one that polls, a descriptor is ready.
 */
static void sleep_idle(struct gorc__m *m, bool polls, int64_t deadline)
{
    while (!atomic_load_explicit(&m->wake, memory_order_acquire)) {
        if (polls) {
            struct gorc__g *list = gorc__poller_wait(deadline);
            if (list && wake_by_events(m, list))
                return;
            if (!list && !atomic_load_explicit(&m->wake, memory_order_acquire))
                sched_yield(); /* the break is for another, which has not come out yet */
        } else {
            gorc__futex_wait(&m->wake, 0, deadline);
        }
        if (deadline != INT64_MAX && deadline <= gorc__now()) {
            if (wake_by_timer(m))
                return;
            deadline = INT64_MAX;
        }
    }
    if (m->woken_from_poll)
        gorc__poller_broken();
}

/* Without a P. Returns when the worker has been given one. */
void gorc__m_sleep(struct gorc__m *m)
{
    if (m->spinning) {
        m->spinning = false;
        atomic_fetch_sub(&gorc__sched.spinning, 1);
    }
    gorc__lock(&gorc__sched.lock);
    struct gorc__p *p = NULL;
    int64_t next = gorc__timers_next();
    if (atomic_load_explicit(&gorc__sched.global_count, memory_order_relaxed) != 0)
        p = gorc__idle_p_take();
    if (p) {
        gorc__unlock(&gorc__sched.lock);
        gorc__m_own(m, p);
        return;
    }
    m->idle = true;
    m->idle_next = gorc__sched.idle_ms;
    gorc__sched.idle_ms = m;
    gorc__sched.nasleep_ms++;
    int64_t deadline = INT64_MAX;
    if (next < atomic_load(&gorc__sched.timekeeper_when)) {
        for (struct gorc__m *o = gorc__sched.idle_ms; o; o = o->idle_next)
            o->keeps_time = false;
        m->keeps_time = true;
        atomic_store(&gorc__sched.timekeeper_when, next);
        deadline = next;
    }
    bool polls = !atomic_load(&gorc__sched.poller) && gorc__poller_wanted();
    if (polls) {
        m->polls = true;
        atomic_store(&gorc__sched.poller, m);
    }
    bool all_asleep = gorc__sched.nasleep_ms == gorc__sched.nms;
    gorc__unlock(&gorc__sched.lock);
    if (all_asleep && next == INT64_MAX && !gorc__poller_wanted())
        gorc__check_asleep();
    if (deadline != INT64_MAX)
        deadline = gorc__timers_together(deadline);
    sleep_idle(m, polls, deadline);
    atomic_store(&m->wake, 0);
}

/* The goroutine that owns this thread is parked or queued: give the P away and wait for it. */
struct gorc__g *gorc__m_sleep_locked(struct gorc__m *m)
{
    struct gorc__p *p = m->p;
    if (m->locked_g->state == GORC__G_DEAD) {
        m->locked_g = NULL;
        return NULL;
    }
    m->p = NULL;
    if (p)
        gorc__hand_off(p);
    gorc__lock(&gorc__sched.lock);
    gorc__sched.nasleep_ms++;
    bool all_asleep = gorc__sched.nasleep_ms == gorc__sched.nms;
    gorc__unlock(&gorc__sched.lock);
    if (all_asleep)
        gorc__check_asleep();
    while (!atomic_load_explicit(&m->wake, memory_order_acquire))
        gorc__futex_wait(&m->wake, 0, INT64_MAX);
    atomic_store(&m->wake, 0);
    gorc__m_own(m, m->handed_p);
    return m->handed;
}

/* m may still be on its way to sleep, with a P to hand off. */
void gorc__m_give(struct gorc__m *m, struct gorc__p *p, struct gorc__g *g)
{
    m->handed = g;
    m->handed_p = p;
    gorc__lock(&gorc__sched.lock);
    gorc__sched.nasleep_ms--;
    m->woken_from_poll = false;
    gorc__unlock(&gorc__sched.lock);
    wake(m);
}

static _Thread_local bool is_helper;

void gorc__m_is_helper(void)
{
    is_helper = true;
}

static bool start_thread(struct gorc__m *m)
{
    pthread_attr_t attr;
    int saved = errno;
    if (pthread_attr_init(&attr) != 0)
        return false;
    pthread_attr_setstacksize(&attr, WORKER_STACK);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    sigset_t mask, own;
    if (is_helper) {
        gorc__sysmon_outside_mask(&mask);
        pthread_sigmask(SIG_SETMASK, &mask, &own);
    }
    int err = pthread_create(&thread, &attr, worker, m);
    if (is_helper)
        pthread_sigmask(SIG_SETMASK, &own, NULL);
    pthread_attr_destroy(&attr);
    errno = saved;
    return err == 0;
}

static void start_failed(struct gorc__p *p, bool spinning)
{
    gorc__runq_publish(p);
    gorc__lock(&gorc__sched.lock);
    uint32_t n = --gorc__sched.nms;
    gorc__idle_p_put(p);
    gorc__unlock(&gorc__sched.lock);
    if (spinning)
        atomic_fetch_sub(&gorc__sched.spinning, 1);
    if (n == 0)
        gorc__fatal("cannot start a thread to run goroutines");
}

/* Makes some worker run p; if spinning, the caller has counted it in sched.spinning. False: there
 * is no memory for one, p is idle; sysmon tries again as long as there is something to do. */
bool gorc__m_run(struct gorc__p *p, bool spinning)
{
    gorc__lock(&gorc__sched.lock);
    struct gorc__m *m = gorc__sched.idle_ms;
    if (m && m->polls && m->idle_next) /* rather one that nobody else depends on */
        m = m->idle_next;
    if (m)
        idle_m_remove(m);
    else
        gorc__sched.nms++;
    gorc__unlock(&gorc__sched.lock);
    if (m) {
        m->spinning = spinning;
        gorc__m_own(m, p);
        wake(m);
        return true;
    }
    m = gorc__m_new();
    if (!m) {
        start_failed(p, spinning);
        return false;
    }
    m->spinning = spinning;
    atomic_store(&m->inop, 1);
    gorc__m_own(m, p);
    if (start_thread(m))
        return true;
    start_failed(p, spinning); /* m stays: it is in all_ms for good */
    return false;
}

void gorc__wake_worker(void)
{
    uint32_t none = 0;
    if (!atomic_compare_exchange_strong(&gorc__sched.spinning, &none, 1))
        return;
    gorc__lock(&gorc__sched.lock);
    struct gorc__p *p = gorc__idle_p_take();
    gorc__unlock(&gorc__sched.lock);
    if (p)
        gorc__m_run(p, true);
    else
        atomic_fetch_sub(&gorc__sched.spinning, 1);
}

/* Timers or descriptors that no idle worker waits for. */
bool gorc__is_watch_wanted(void)
{
    return gorc__timers_next() < atomic_load(&gorc__sched.timekeeper_when) ||
           (gorc__poller_wanted() && !atomic_load(&gorc__sched.poller));
}

/* p has lost its worker: somebody else runs it if it has work, else it is idle. */
void gorc__hand_off(struct gorc__p *p)
{
    if (gorc__runq_hides(p) || !gorc__runq_empty(p) || gorc__work_visible() ||
        gorc__is_watch_wanted()) {
        gorc__m_run(p, false);
        return;
    }
    gorc__lock(&gorc__sched.lock);
    gorc__idle_p_put(p);
    gorc__unlock(&gorc__sched.lock);
    gorc__membarrier();
    if (gorc__work_visible())
        gorc__wake_if_idle();
}
