/* SPDX-License-Identifier: MIT
 *
 * The scheduler's three structures, private to lib/sched (chan and time use park.h).
 *
 *   G  a goroutine: registers, stack, identity, what it waits for. Lives at the top of its stack
 *      slot. A foreign thread's record is a G too (kind FOREIGN), and so is each worker's scheduler
 *      context, g0.
 *   M  an OS thread that runs goroutines ("worker"), or a foreign thread's anchor.
 *   P  the right to run goroutines: run queue, free goroutines, timers, random source. There are
 *      gorc_procs() of them; an M needs one to run goroutines.
 *
 * Ownership of a P by an M, and how sysmon takes one away. Code of the library that uses m->p runs
 * between gorc__op_begin and gorc__op_end ("in an operation"): it sets m->inop and looks at
 * m->taking. sysmon sets m->taking, issues a membarrier (so that one of the two sees the other),
 * and takes the P only if m->inop is 0. So the owner's side costs two plain stores and a load, and
 * all that is in a P, run_next and hand above all, is private to its owner. A goroutine whose P was
 * taken goes on with m->p == NULL and m->taking == 1 until its next operation (gorc__enter).
 */
#ifndef GORC_LIB_SCHED_G_H
#define GORC_LIB_SCHED_G_H

#include <pthread.h>
#include <signal.h>

#include "base/lock.h"
#include "hooks.h"
#include "inspect.h"
#include "sched/choice.h"
#include "sched/park.h"
#include "sched/timerheap.h"

#define GORC__LIKELY(x) __builtin_expect(!!(x), 1)
#define GORC__UNLIKELY(x) __builtin_expect(!!(x), 0)

struct gorc__m;
struct gorc__p;
struct gorc_defer_record;
struct gorc_case;

enum gorc__g_kind {
    GORC__KIND_GOROUTINE,
    GORC__KIND_MAIN,
    GORC__KIND_FOREIGN,
    GORC__KIND_G0,
};

/* What the C++ runtime keeps for each thread (Itanium C++ ABI 2.2.2): the exceptions being handled.
 * A goroutine that parks in a catch block or in a destructor takes its own along. */
struct gorc__exceptions {
    void *caught;
    unsigned uncaught;
};

/* Two cache lines are all that a goroutine touches which is started, runs and ends; the others are
 * for those that park. */
struct gorc__g {
    void *sp;               /* when not running: the registers are saved above it */
    struct gorc__m *m;      /* the worker that runs it; set by whoever resumes it */
    struct gorc__g *next;   /* link in the one list it is in: run queue or free list */
    _Atomic uint32_t state; /* enum gorc__g_state; for inspection */
    uint8_t kind;           /* enum gorc__g_kind */
    bool is_new;            /* has not run yet */
    bool lock_thread;       /* owns locked_m */
    bool timed;             /* parked until a deadline */
    bool timed_out;         /* set by the timer that won the claim */
    uint8_t reason;         /* enum gorc__wait_reason, while parked */
    uint32_t parks;         /* how often it has parked: tells one wait from the next */
    int saved_errno;        /* errno while not running */
    uint32_t size_class;    /* 0: default slot, else log2 of the mapping's size */
    struct gorc__m *locked_m;
    struct gorc__local *locals; /* its own business (locals.c) */

    uint64_t goid;
    uint64_t parent;
    gorc__place created;
    const char *name;
    void (*fn)(void *);
    void *arg;
    struct gorc_defer_record *defers;
    uintptr_t stack_lo;

    uintptr_t stack_hi;
    _Atomic uint32_t claim; /* 0: a wake-up is to be won */
    const void *object;     /* waited for, while parked */
    const _Atomic uint64_t *holder;
    int64_t since;
    const struct gorc_case *cases; /* parked in a select: its cases */
    uint32_t n_cases;
    void *wake_arg; /* from the waker: the select waiter that fired */

    struct gorc__hook_task hook;
    struct gorc__exceptions saved_exceptions; /* of C++, while not running */
    void *fake_stack;                         /* AddressSanitizer's, the same */
    struct gorc__g *all_next; /* list of large-stack and foreign records; never shrinks */
    _Atomic uint32_t futex;   /* FOREIGN: 1 when woken */
} __attribute__((aligned(64)));

/* What the side that is resumed has to do for the side that was left, whose registers are saved by
 * then. */
enum gorc__after {
    GORC__AFTER_NONE,
    GORC__AFTER_UNLOCK, /* release the lock after_arg */
    GORC__AFTER_CALL,   /* after_fn(after_arg) */
    GORC__AFTER_QUEUE,  /* it stays runnable: to the tail of the run queue */
    GORC__AFTER_GLOBAL, /* it stays runnable: to the global queue */
    GORC__AFTER_DEAD,   /* it has ended: free it */
};

struct gorc__m {
    struct gorc__g *g;       /* what runs on this thread now */
    struct gorc__p *p;       /* owned P; written by the owner in an operation, or by a taker */
    _Atomic uint32_t inop;   /* 1: the owner is in an operation; pairs with taking */
    _Atomic uint32_t taking; /* set by sysmon or inspect: the next operation starts slowly */
    uint32_t after;          /* enum gorc__after */
    bool has_state;          /* of other libraries, that goes along: threadstate.h */
    void *after_arg;
    void (*after_fn)(void *);
    int *errno_location;                 /* of this OS thread */
    struct gorc__exceptions *exceptions; /* of this OS thread; NULL: the process has no C++ */

    struct gorc__g g0;           /* the scheduler's own context */
    struct gorc__lock take_lock; /* rank TAKE: guards p and taking against takers */
    _Atomic uint32_t wake;       /* futex: 1 when woken from idle sleep */
    bool spinning;               /* counted in sched.spinning */
    bool idle;                   /* in sched.idle_ms; guarded by sched.lock */
    bool rests;                  /* stopped by inspect where it has no goroutine in hand */
    uintptr_t start;             /* frame of its first function; 0: the program's main thread */
    bool keeps_time;             /* sleeps until sched.timekeeper_when; guarded by sched.lock */
    bool polls;                  /* sleeps in the poller: sched.poller; guarded by sched.lock */
    bool woken_from_poll;        /* by whoever took it from the idle: how to wake it */
    bool moving;                 /* GORC_DEBUG=migrate: another worker is to go on with its P */
    struct gorc__g *locked_g;    /* this worker runs only that goroutine */
    struct gorc__g *handed;      /* a locked goroutine handed to this worker, with handed_p */
    struct gorc__p *handed_p;
    struct gorc__m *idle_next;  /* guarded by sched.lock */
    struct gorc__m *all_next;   /* sched.all_ms; never shrinks */
    bool foreign;               /* a thread of the program's own; not in all_ms */
    struct gorc__random random; /* for threads without a P */
    uint32_t id;
    int tid;
    pthread_t thread;
    _Atomic uint32_t undivided; /* 1: it makes a change that fork() waits for (fork.h) */
};

#define GORC__RUNQ_SIZE 1024u

struct gorc__p {
    struct gorc__g *run_next; /* private to the owner: runs before the queue */
    struct gorc__g *hand;     /* private, in order: the head of the queue, taken out of the ring */
    uint32_t tick;            /* switches made; written by the owner, read by sysmon */
    uint32_t slow_tick;       /* at this tick the scheduler proper is entered */
    struct gorc__g *free;     /* private: ended goroutines, for reuse */
    uint32_t free_count;
    _Atomic uint32_t id;           /* at least nprocs: must not run; changed under sched.lock */
    uint64_t goid_next, goid_end;  /* private: a batch of numbers */
    uintptr_t slot_next, slot_end; /* private: a batch of fresh stack slots */
    int64_t live;                  /* started minus ended here; written by the owner */
    struct gorc__random random;    /* private */
    struct gorc__m *m;             /* owner; guarded by sched.lock or by ownership */
    struct gorc__p *idle_next;     /* guarded by sched.lock */
    bool fair_turn;                /* alternates between global queue and ring on slow ticks */
    struct gorc__timerheap timers;

    /* sysmon's notes */
    uint32_t seen_tick;
    int64_t seen_since;
    int64_t seen_at, seen_cpu; /* when it was last looked at; CPU time of its worker then */
    int64_t first_cpu;         /* the same at the first look at this tick */

    _Alignas(64) _Atomic uint32_t head; /* taken by the owner and by thieves, by CAS */
    _Alignas(64) _Atomic uint32_t tail; /* written by the owner */
    _Atomic(struct gorc__g *) ring[GORC__RUNQ_SIZE];
};

#define GORC__MAX_PROCS 1024
#define GORC__NAP_SLACK 1000000

/* Words of GORC_DEBUG, for tests. Each public call then takes the slow way in (m->taking stays
 * set), so that the usual way pays nothing for them. */
#define GORC__DEBUG_YIELD 1u   /* a public call yields first, one time in four */
#define GORC__DEBUG_MIGRATE 2u /* each public call goes on on another OS thread */

struct gorc__sched {
    /* read mostly */
    _Atomic uint32_t started;
    _Atomic uint32_t nprocs; /* the limit set */
    _Atomic uint32_t np;     /* Ps that exist: those with id >= nprocs are retired */
    _Atomic(struct gorc__p *) ps[GORC__MAX_PROCS];
    bool membarrier;
    bool perturb;              /* GORC_SEED is set: wake-ups are shuffled */
    bool is_child;             /* of fork(): what waits may be a goroutine of the parent's */
    bool unwatched;            /* such a child has timers and nobody who sees to them */
    uint32_t debug;            /* GORC_DEBUG: GORC__DEBUG_* */
    uint32_t emulator_threads; /* of the process, but not of the program: GORC_DEBUG=emulator */
    uint64_t seed;
    int64_t retake_ns;
    struct gorc__g *main_g;

    _Alignas(64) struct gorc__lock lock; /* rank SCHED: the fields up to the next gap */
    struct gorc__g *global_head, *global_tail;
    struct gorc__p *idle_ps;
    struct gorc__m *idle_ms;
    uint32_t nms;                   /* workers that exist */
    uint32_t nasleep_ms;            /* of these, how many run no goroutine and have no P */
    struct gorc__m *_Atomic poller; /* the idle worker that waits for descriptors */
    struct gorc__g *global_free;
    uint32_t global_free_count;
    uint32_t global_free_low; /* its least since sysmon last looked (trim.c) */

    _Alignas(64) _Atomic uint32_t global_count;
    _Atomic uint32_t nidle_ps;
    _Atomic uint32_t spinning;
    _Atomic int64_t timekeeper_when; /* an idle worker sleeps until then; INT64_MAX: none */
    _Atomic uint32_t stopping;       /* inspect: workers wait in gorc__op_slow */
    _Atomic uint32_t stopped;        /* how many do */
    _Atomic uint32_t sysmon_asleep;  /* futex */
    _Atomic uint32_t sysmon_started;
    _Atomic uint32_t sysmon_hurry;   /* futex: 1 ends its nap */
    _Atomic int64_t sysmon_until;    /* the end of its nap; 0: it is awake */
    _Atomic uint32_t foreign_asleep; /* foreign threads that wait without a deadline */
    _Atomic uint32_t foreign_wakes;  /* how often one of them was woken */
    _Atomic uint32_t helpers_asleep; /* threads of the library's own that wake nobody any more */
    _Atomic int64_t last_poll;       /* when a worker last looked at the descriptors */
    _Atomic uint32_t firing;         /* who takes timers out of a heap and has not yet made ready */
    _Atomic uint32_t forking;        /* who is in fork(), or about to be */
    _Atomic uint32_t undivided;      /* fork.h, for threads without a record */
    _Atomic int64_t extra_live;
    _Atomic uint64_t goid_last;
    _Atomic int sysmon_tid;
    _Alignas(64) _Atomic int64_t coarse_now;

    _Atomic(struct gorc__m *) all_ms;
    _Atomic(struct gorc__g *) all_large;
    _Atomic(struct gorc__g *) all_foreign;
};

extern struct gorc__sched gorc__sched;

/* Of one that will soon be made, or entered for the first time; NULL: none. */
static inline void gorc__g_prefetch(const struct gorc__g *g)
{
    if (!g)
        return;
    __builtin_prefetch((const char *)g - 64, 1); /* the first frames */
    __builtin_prefetch(g, 1);
    __builtin_prefetch((const char *)g + 64, 1);
}

/* --- operations --- */

/* Orders the caller's earlier stores before its later loads, as seen by a thread that issues
 * gorc__fence_heavy between its own. */
static inline void gorc__fence_light(void)
{
    if (GORC__LIKELY(gorc__sched.membarrier))
        atomic_signal_fence(memory_order_seq_cst);
    else
        atomic_thread_fence(memory_order_seq_cst);
}

struct gorc__p *gorc__op_slow(struct gorc__m *m);

/* Begins an operation; returns the P, NULL when the thread has none. */
static inline struct gorc__p *gorc__op_begin(struct gorc__m *m)
{
    atomic_store_explicit(&m->inop, 1, memory_order_relaxed);
    gorc__fence_light();
    if (GORC__UNLIKELY(atomic_load_explicit(&m->taking, memory_order_acquire)))
        return gorc__op_slow(m);
    return m->p;
}

static inline void gorc__op_end(struct gorc__m *m)
{
    atomic_store_explicit(&m->inop, 0, memory_order_release);
}

/* The caller's thread anchor, NULL for a thread that never called gorc. For use between switches
 * only. */
struct gorc__m *gorc__m_self(void);
void gorc__m_set_self(struct gorc__m *m);

extern _Thread_local struct gorc__m *gorc__self_m
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* gorc__self() without a call, for the quickest paths; NULL: call it. Only where it is the first
 * thing of a function, and what follows parks nowhere: a compiler may keep the address of a
 * thread's variable, and the goroutine may go on on another thread. */
static inline struct gorc__g *gorc__self_quick(void)
{
    struct gorc__m *m = gorc__self_m;
    if (GORC__UNLIKELY(!m || atomic_load_explicit(&m->taking, memory_order_relaxed)))
        return NULL;
    return m->g;
}

/* --- between the files of lib/sched --- */

/* attach.c */
void gorc__g0_init(struct gorc__m *m);
struct gorc__g *gorc__attach(void);
struct gorc__g *gorc__reacquire(struct gorc__m *m);
void gorc__foreign_prepare(struct gorc__g *self);
bool gorc__foreign_wait(struct gorc__g *self, int64_t deadline);
void gorc__foreign_wake(struct gorc__g *g);

/* start.c */
void gorc__start(void);
struct gorc__p *gorc__p_new(uint32_t id);
extern struct gorc__lock gorc__start_lock;

/* fork.c; for gorc__undivided_begin (fork.h) */
void gorc__fork_init(void);
void gorc__undivided_wait(_Atomic uint32_t *count);
_Atomic uint32_t *gorc__undivided_shared(void);
/* At the first call in a child that has timers pending (sched.unwatched): starts who sees to them.
 * m: the caller's, if it has one. */
void gorc__fork_watch(struct gorc__m *m);

/* park.c */
void gorc__after_switch(struct gorc__m *m);
void gorc__switch_to_g0(struct gorc__g *self);

/* sched.c: on g0, or where no P is at hand */
_Noreturn void gorc__g0_loop(struct gorc__m *m);
void gorc__global_push(struct gorc__g *first, struct gorc__g *last, uint32_t n);
bool gorc__work_visible(void);
void gorc__p_retire(struct gorc__p *p);
int64_t gorc__timers_next(void);
int64_t gorc__timers_together(int64_t next);
void gorc__timers_run(struct gorc__p *p, int64_t now);
bool gorc__poll_overdue(int64_t now, int64_t patience);

/* m.c: threads, and who has which P */
void gorc__m_release(struct gorc__m *m);
struct gorc__m *gorc__m_new(void);
void gorc__m_thread_setup(struct gorc__m *m);
void gorc__m_own(struct gorc__m *m, struct gorc__p *p);
struct gorc__p *gorc__idle_p_take(void);  /* sched.lock held */
void gorc__idle_p_put(struct gorc__p *p); /* sched.lock held */
bool gorc__m_run(struct gorc__p *p, bool spinning);
void gorc__m_sleep(struct gorc__m *m);
struct gorc__g *gorc__m_sleep_locked(struct gorc__m *m);
void gorc__m_give(struct gorc__m *m, struct gorc__p *p, struct gorc__g *g);
void gorc__hand_off(struct gorc__p *p);
void gorc__wake_worker(void);
bool gorc__is_watch_wanted(void);

/* locals.c: for the goroutine itself, at its end */
void gorc__locals_end(struct gorc__g *self);

/* spawn.c */
void gorc__g_free(struct gorc__m *m, struct gorc__g *g);

/* park.c, for the end of a goroutine: notes what to do after the switch and picks who runs next */
struct gorc__g *gorc__g_leave(struct gorc__g *self);
void gorc__g_end(struct gorc__g *self) __attribute__((noreturn));

/* sysmon.c */
bool gorc__sysmon_start(void); /* false: there is no thread for it */
void gorc__sysmon_wake(void);
bool gorc__is_sysmon(void);
/* The signal mask for a worker that a helper makes: not the helper's own, which blocks all. */
void gorc__sysmon_outside_mask(sigset_t *ret_mask);
/* The caller is a thread of the library's own that blocks all signals; sysmon runs. */
void gorc__m_is_helper(void);
void gorc__sysmon_hurry_slow(void);

/* Something is to be done at `when`, perhaps by sysmon: it must not nap for much longer. */
static inline void gorc__sysmon_hurry(int64_t when)
{
    if (GORC__UNLIKELY(
            when < atomic_load_explicit(&gorc__sched.sysmon_until, memory_order_relaxed) -
                       GORC__NAP_SLACK))
        gorc__sysmon_hurry_slow();
}
bool gorc__take(struct gorc__m *m, struct gorc__p *p, bool only_hidden);

/* stack_fault.c */
void gorc__stack_fault_init(void);

/* trim.c, sysmon only: gives stacks back when it is time; true: there is more, at *ret_next */
bool gorc__trim(int64_t now, int64_t *ret_next);
/* blocking.c */
void gorc__blocking_fork_child(void);

/* asleep.c: ends the process when all are asleep; true: other threads may wake somebody */
bool gorc__check_asleep(void);

static inline void gorc__wake_if_idle(void)
{
    gorc__fence_light();
    if (GORC__UNLIKELY(atomic_load_explicit(&gorc__sched.nidle_ps, memory_order_relaxed) != 0) &&
        atomic_load_explicit(&gorc__sched.spinning, memory_order_relaxed) == 0)
        gorc__wake_worker();
}

#endif
