/* SPDX-License-Identifier: MIT
 *
 * A read-only walk over all goroutines: their state, what they wait for, where. It serves the leak
 * and deadlock reports and, from outside the process, `gorc dump`. It takes no lock that a stuck
 * program could hold and allocates nothing, so it may run in a signal handler; what it shows of a
 * goroutine that runs meanwhile is a snapshot.
 */
#ifndef GORC_LIB_INSPECT_H
#define GORC_LIB_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hooks.h"

enum gorc__g_state {
    GORC__G_DEAD,
    GORC__G_RUNNABLE,
    GORC__G_RUNNING,
    GORC__G_BLOCKED,  /* parked: reason, object and since are valid */
    GORC__G_BLOCKING, /* inside gorc_blocking(): a call that blocks the OS thread */
};

/* gorc_case.kind. */
enum gorc__case_kind { GORC__CASE_NONE, GORC__CASE_SEND, GORC__CASE_RECV, GORC__CASE_AFTER };

/* The callee-saved registers of a goroutine that is not running, enough to unwind it. */
struct gorc__g_regs {
    uintptr_t pc, sp, bp, bx, r12, r13, r14, r15;
};

struct gorc__inspect_g {
    uint64_t goid;    /* main is 1 */
    const char *name; /* NULL: none */
    enum gorc__g_state state;
    bool is_system;     /* belongs to the library itself: never shown as the program's */
    bool is_foreign;    /* an OS thread of the program that waits in a gorc call */
    const char *reason; /* wait reason from waitreason.def: "chan send", "select", "sleep" ... */
    bool timed;         /* it waits with a timeout or for a timer: somebody will come */
    enum gorc__object_kind object_kind;
    const void *object;
    const char *object_name; /* from gorc_set_name, or NULL */
    gorc__place object_created;
    const struct gorc_case *cases; /* of a select; kinds: enum gorc__case_kind */
    uint32_t n_cases;
    uint32_t parks;  /* how often it has parked */
    int64_t since;   /* when the wait began, gorc_now() nanoseconds; 0: unknown */
    uint64_t holder; /* goid that holds the lock waited for, 0: unknown or none */
    uint64_t parent; /* goid of its creator */
    gorc__place created;
    const void *entry;        /* the goroutine's function */
    struct gorc__g_regs regs; /* valid for RUNNABLE (pc != 0) and BLOCKED */
    uintptr_t stack_lo, stack_hi;
    const void *arg;              /* of its function */
    const void *locals;           /* a block: its goroutine-local values */
    uintptr_t record, record_end; /* the library's record of it, above the stack */
    struct gorc__hook_task *task;
};

/* Asks every worker to stay out of user code once it enters the scheduler, and waits until they
 * have or `patience_ns` has passed (goroutines that compute without calling gorc are not stopped).
 * The caller must end the process or call gorc__inspect_resume. */
void gorc__inspect_stop(int64_t patience_ns);
void gorc__inspect_resume(void);

/* Calls `fn` for every goroutine that has not ended, main included, foreign threads that wait in a
 * gorc call included, until it returns false. */
void gorc__inspect_goroutines(bool (*fn)(const struct gorc__inspect_g *g, void *arg), void *arg);

/* A timer or ticker that was not freed. */
struct gorc__inspect_timer {
    const void *timer; /* what the program was given */
    const void *chan;  /* its channel, NULL where it has a function */
    const char *kind;  /* "timer", "ticker" */
    bool pending;      /* it will fire; false: it has fired or was stopped */
    gorc__place created;
    uint64_t creator;   /* goid */
    const void *fn_arg; /* argument of its function: a root while it is pending */
};

/* Race library: calls `fn` for every such timer (gorc_after's are not among them: those are
 * channels), with a leaf lock held, until it returns false. `fn` makes and frees none. */
void gorc__inspect_timers(bool (*fn)(const struct gorc__inspect_timer *t, void *arg), void *arg);

/* A context that was not freed, or a function that waits for one (gorc_ctx_after_func). */
struct gorc__inspect_ctx {
    const void *ctx;
    const char *kind; /* "value", "without cancel", "cancel", "deadline", "signal", "after func" */
    const char *name;
    bool cancelled;
    bool freed;         /* the program has freed it: something else still refers to it */
    bool comes;         /* a pending timer or a signal will cancel it, or its parent */
    const void *parent; /* of an after func: its context */
    const void *done;   /* its channel, NULL: none was asked for */
    const void *key;    /* of a value */
    const void *value;  /* a value, or an after func's argument: a root while ctx is alive */
    int64_t deadline;   /* INT64_MAX: none */
    gorc__place created;
    uint64_t creator; /* goid */
};

/* Race library: calls `fn` for every such record, with a leaf lock held, until it returns false.
 * `fn` makes and frees none. */
void gorc__inspect_contexts(bool (*fn)(const struct gorc__inspect_ctx *c, void *arg), void *arg);

/* It has holders, who alone end the wait for it. */
static inline bool gorc__inspect_is_lock(enum gorc__object_kind kind)
{
    return kind == GORC__OBJ_MUTEX || kind == GORC__OBJ_RWMUTEX || kind == GORC__OBJ_ONCE;
}

/* Race library. `bytes`: a copy of a mutex, rwmutex, wait group, once, cond or semaphore, or what
 * was one: somebody is in its queue. And the size of one; 0: of no other kind. */
bool gorc__inspect_is_waited(enum gorc__object_kind kind, const void *bytes);
size_t gorc__inspect_size(enum gorc__object_kind kind);

/* What a map or a pool keeps: calls fn(word) for each key, value and item, without a lock, as they
 * are now. For marking: nobody may change the object meanwhile. */
void gorc__inspect_map(const void *map, void (*fn)(const void *word, void *arg), void *arg);
void gorc__inspect_pool(const void *pool, void (*fn)(const void *word, void *arg), void *arg);

/* Calls fn(word) for each pointer of the library's own that keeps something of the program's alive:
 * timers that will fire, the local values of main and of threads. With the workers stopped; takes
 * no lock. */
void gorc__inspect_roots(void (*fn)(uintptr_t word, void *arg), void *arg);

/* A channel that was not freed. */
struct gorc__inspect_chan {
    const void *chan;
    const char *name; /* NULL: none */
    size_t len, cap;
    uint64_t last_sender, last_receiver; /* goids; 0: nobody so far, or a thread */
    gorc__place created;
    bool is_owned;     /* a timer's or a context's, which is not freed */
    const char *owner; /* whose it was made to be: "timer", "context"; NULL: the program's */
};
void gorc__inspect_chan(const void *chan, struct gorc__inspect_chan *ret);

/* Race library: calls `fn` for every such channel that nobody owns, with a leaf lock held, until it
 * returns false. `fn` makes and frees none. */
void gorc__inspect_chans(bool (*fn)(const struct gorc__inspect_chan *c, void *arg), void *arg);

/* Of a channel: it is a timer's, a ticker's or gorc_after's, and a value will come by itself. */
bool gorc__timer_chan_pending(const void *chan);

/* True when a fault at `addr` means that the goroutine on the calling OS thread has used its stack
 * up; then *ret_g tells which one it is. For a handler of SIGSEGV. */
bool gorc__inspect_overflow(const void *addr, struct gorc__inspect_g *ret_g);

/* True when a fault at `addr` means that the goroutine on the calling OS thread has used its stack
 * up; then *ret_g tells which one it is. For a handler of SIGSEGV. */
bool gorc__inspect_overflow(const void *addr, struct gorc__inspect_g *ret_g);

/* Goroutines started so far, main included; 0: the runtime was never started. */
uint64_t gorc__inspect_started(void);

/* A thread of the library's that blocks all signals and does nothing for the program while the
 * workers are stopped. */
bool gorc__inspect_is_monitor(int tid);
/* True for a worker thread. *ret_idle: it sleeps, or was stopped, with no goroutine in hand: it is
 * about to wake nobody, and has nothing of the program's. *ret_sp: below this its own stack has
 * nothing of the program's; 0 while it runs the scheduler. With the process stopped. */
bool gorc__inspect_worker(int tid, uintptr_t *ret_sp, bool *ret_idle);
/* Timers that were taken out and whose goroutines are not yet ready: look again later. */
bool gorc__inspect_is_firing(void);

/* True when the calling OS thread is one of the library's workers or its sysmon. */
bool gorc__inspect_is_worker_thread(void);

#endif
