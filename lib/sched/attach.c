/* SPDX-License-Identifier: MIT
 *
 * Threads that the library did not start. The process's main thread becomes a worker whose first
 * goroutine is main, number 1, on the process's stack; its g0 gets a stack of its own. Any other
 * thread gets a record through which it blocks on a futex ("foreign thread").
 */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gorc/time.h>

#include "arch/switch.h"
#include "base/alloc.h"
#include "base/misuse.h"
#include "os/futex.h"
#include "os/vm.h"
#include "sched/g.h"

#define G0_STACK ((size_t)256 << 10)

extern void *__libc_stack_end;

static pthread_key_t foreign_key;
static pthread_once_t foreign_once = PTHREAD_ONCE_INIT;
static struct gorc__lock foreign_lock; /* a leaf; guards foreign_free */
static struct gorc__m *foreign_free;

void gorc__g0_init(struct gorc__m *m)
{
    char *stack = gorc__vm_reserve(G0_STACK);
    if (!stack || !gorc__vm_commit(stack, G0_STACK))
        gorc__fatal("out of memory for the scheduler's stack");
    gorc__vm_guard(stack, gorc__vm_page());
    m->g0.stack_lo = (uintptr_t)stack + gorc__vm_page();
    m->g0.stack_hi = (uintptr_t)stack + G0_STACK;
    m->g0.sp = gorc__switch_prepare(m->g0.stack_hi);
    m->g0.is_new = true;
}

static struct gorc__g *attach_main(void)
{
    struct gorc__g *g = gorc__sched.main_g;
    struct gorc__m *m = gorc__m_new();
    struct rlimit limit;
    if (!m)
        gorc__fatal("out of memory at start");
    gorc__g0_init(m);
    g->stack_hi = (uintptr_t)__libc_stack_end;
    g->stack_lo = g->stack_hi - ((size_t)8 << 20);
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < (size_t)1 << 40)
        g->stack_lo = g->stack_hi - limit.rlim_cur;
    g->m = m;
    m->g = g;
    gorc__lock(&gorc__sched.lock);
    gorc__sched.nms++;
    struct gorc__p *p = gorc__idle_p_take();
    gorc__unlock(&gorc__sched.lock);
    atomic_fetch_add(&gorc__sched.extra_live, 1);
    atomic_store(&g->state, GORC__G_RUNNING);
    gorc__m_thread_setup(m);
    gorc__hook_switch(&g->hook, false);
    if (p) {
        gorc__m_own(m, p);
        return g;
    }
    atomic_store(&m->taking, 1);
    return gorc__reacquire(m);
}

/* --- foreign threads --- */

static void foreign_exit(void *arg)
{
    struct gorc__m *m = arg;
    gorc__locals_end(m->g);
    gorc__m_set_self(NULL);
    atomic_store(&m->g->state, GORC__G_DEAD);
    gorc__lock(&foreign_lock);
    m->idle_next = foreign_free;
    foreign_free = m;
    gorc__unlock(&foreign_lock);
}

static void make_key(void)
{
    if (pthread_key_create(&foreign_key, foreign_exit) != 0)
        gorc__fatal("no thread-specific key left");
}

static struct gorc__m *foreign_new(void)
{
    struct gorc__m *m = gorc__alloc_line_opaque(sizeof *m);
    struct gorc__g *g = gorc__alloc_line_opaque(sizeof *g);
    if (!m || !g)
        gorc__fatal("out of memory for a thread's record");
    m->foreign = true;
    m->g = g;
    g->kind = GORC__KIND_FOREIGN;
    g->all_next = atomic_load(&gorc__sched.all_foreign);
    while (!atomic_compare_exchange_weak(&gorc__sched.all_foreign, &g->all_next, g))
        ;
    return m;
}

static struct gorc__g *attach_foreign(void)
{
    int saved = errno;
    pthread_once(&foreign_once, make_key);
    gorc__lock(&foreign_lock);
    struct gorc__m *m = foreign_free;
    if (m)
        foreign_free = m->idle_next;
    gorc__unlock(&foreign_lock);
    if (!m)
        m = foreign_new();
    m->g->m = m;
    m->g->locals = NULL; /* after a fork there may be some */
    m->tid = (int)syscall(SYS_gettid);
    m->errno_location = __errno_location();
    gorc__random_seed(&m->random, gorc__sched.seed, 5000 + (uint64_t)m->tid);
    gorc__m_set_self(m);
    pthread_setspecific(foreign_key, m);
    atomic_store(&m->g->state, GORC__G_RUNNING);
    gorc__hook_thread_attach(&m->g->hook);
    errno = saved;
    return m->g;
}

__attribute__((noinline)) struct gorc__g *gorc__attach(void)
{
    gorc__start();
    if (GORC__UNLIKELY(gorc__sched.unwatched))
        gorc__fork_watch(NULL);
    if (syscall(SYS_gettid) == getpid())
        return attach_main();
    return attach_foreign();
}

void gorc__foreign_prepare(struct gorc__g *self)
{
    atomic_store_explicit(&self->futex, 0, memory_order_relaxed);
    atomic_store_explicit(&self->state, GORC__G_BLOCKED, memory_order_release);
}

struct foreign_wait {
    struct gorc__g *self;
    int64_t deadline;
    bool woken;
};

static void wait_on_futex(void *arg)
{
    struct foreign_wait *w = arg;
    struct gorc__g *self = w->self;
    int64_t deadline = w->deadline;
    w->woken = true;
    while (!atomic_load_explicit(&self->futex, memory_order_acquire)) {
        if (gorc__futex_wait(&self->futex, 0, deadline) != -ETIMEDOUT)
            continue;
        if (gorc__claim(self)) {
            w->woken = false;
            break;
        }
        deadline = INT64_MAX; /* a waker has won: it is about to wake us */
    }
}

/* False: the deadline passed and the time-out won the claim. */
bool gorc__foreign_wait(struct gorc__g *self, int64_t deadline)
{
    struct foreign_wait w = {.self = self, .deadline = deadline};
    if (deadline == INT64_MAX) {
        atomic_fetch_add(&gorc__sched.foreign_asleep, 1);
        gorc__check_asleep();
    }
    gorc__hook_thread_waits(wait_on_futex, &w);
    atomic_store_explicit(&self->state, GORC__G_RUNNING, memory_order_relaxed);
    return w.woken;
}

/* The record outlives its thread, so the futex may be touched after the thread went on. */
void gorc__foreign_wake(struct gorc__g *g)
{
    if (!g->timed) {
        atomic_fetch_add(&gorc__sched.foreign_wakes, 1);
        atomic_fetch_sub(&gorc__sched.foreign_asleep, 1);
    }
    atomic_store_explicit(&g->futex, 1, memory_order_release);
    gorc__futex_wake(&g->futex, 1);
}
