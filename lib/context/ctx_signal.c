/* SPDX-License-Identifier: MIT
 *
 * Contexts that are cancelled by signals.
 *
 * The handler does two async-signal-safe things: it notes the signal in a word and wakes the signal
 * thread, which cancels the contexts that ask for it. The thread is made with the first such
 * context and stays; while no context asks for a signal it counts as one that will never wake
 * anybody (sched/asleep.c). It blocks all signals; the program's threads get them as ever.
 *
 * A context's entry is in the list, with a reference, until gorc_ctx_cancel or gorc_ctx_free; a
 * context that was cancelled by a signal or by its parent goes on catching (as Go's does until
 * stop). Dispositions change under the lock only; the one from before the first entry is kept for
 * the last. sigaction is libc's own also in the race library, so that what was there before comes
 * back as it was, the detector's handlers included.
 */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "context/ctx_impl.h"
#include "os/futex.h"
#include "sched/g.h"

#define LAST_SIGNAL 64

struct signal_ctx {
    struct gorc__canceller c; /* first */
    uint64_t mask;            /* bit n-1: signal n */
    bool listed;              /* guarded by lock, as next */
    bool fired;
    uint64_t born; /* a signal that came before is not its */
    struct signal_ctx *next;
};

static struct gorc__lock lock; /* before a canceller's lock; guards the next five lines */
static struct signal_ctx *list;
static uint32_t users[LAST_SIGNAL + 1];
static struct sigaction before[LAST_SIGNAL + 1];
static bool thread_runs, thread_idle, thread_counted;

static _Atomic uint64_t n_born;                      /* contexts that were ever listed */
static _Atomic uint64_t arrived_at[LAST_SIGNAL + 1]; /* n_born when the signal came last */
static _Atomic uint64_t arrived;                     /* bits; both by the handlers */
static _Atomic uint32_t wake;

static uint64_t bit(int sig)
{
    return (uint64_t)1 << (sig - 1);
}

static void handler(int sig)
{
    atomic_store(&arrived_at[sig], atomic_load(&n_born));
    atomic_fetch_or(&arrived, bit(sig));
    atomic_store(&wake, 1);
    gorc__futex_wake(&wake, 1);
}

/* --- dispositions, with the lock held --- */

static int catch (int sig)
{
    struct sigaction act;
    if (users[sig] == 0) {
        memset(&act, 0, sizeof act);
        act.sa_handler = handler;
        act.sa_flags = SA_RESTART | SA_ONSTACK;
        sigfillset(&act.sa_mask);
        if (sigaction(sig, &act, &before[sig]) != 0)
            return -EINVAL;
    }
    users[sig]++;
    return 0;
}

static void restore(int sig)
{
    struct sigaction now;
    if (sigaction(sig, NULL, &now) == 0 && now.sa_handler == handler)
        sigaction(sig, &before[sig], NULL);
}

static void let_go(uint64_t mask)
{
    for (int sig = 1; sig <= LAST_SIGNAL; sig++)
        if ((mask & bit(sig)) && --users[sig] == 0)
            restore(sig);
}

static int catch_all(uint64_t mask)
{
    uint64_t done = 0;
    for (int sig = 1; sig <= LAST_SIGNAL; sig++) {
        if (!(mask & bit(sig)))
            continue;
        if (catch (sig) != 0) {
            let_go(done);
            return -EINVAL;
        }
        done |= bit(sig);
    }
    return 0;
}

/* --- the signal thread --- */

/* Which of the signals cancels s; 0: none. */
static int signal_for(const struct signal_ctx *s, uint64_t signals)
{
    if (s->fired)
        return 0;
    for (int sig = 1; sig <= LAST_SIGNAL; sig++)
        if ((s->mask & signals & bit(sig)) && atomic_load(&arrived_at[sig]) >= s->born)
            return sig;
    return 0;
}

/* The next context that asks for one of the signals, with a reference. */
static struct signal_ctx *take(uint64_t signals, int *ret_sig)
{
    gorc__lock(&lock);
    struct signal_ctx *s = list;
    while (s && (*ret_sig = signal_for(s, signals)) == 0)
        s = s->next;
    if (s) {
        s->fired = true;
        gorc__ctx_ref(&s->c.base);
    }
    gorc__unlock(&lock);
    return s;
}

static void dispatch(uint64_t signals)
{
    struct signal_ctx *s;
    int sig;
    while ((s = take(signals, &sig)) != NULL) {
        gorc__hook_signal(sig);
        gorc__ctx_cancel(&s->c, -ECANCELED, sig, (struct gorc__ctx_by){.may_park = true});
        gorc__ctx_unref(&s->c.base);
    }
}

/* Lock held: the thread counts as asleep for ever iff it is idle and nobody asks for a signal. */
static void count_thread(void)
{
    bool asleep = thread_idle && !list;
    if (asleep != thread_counted)
        atomic_fetch_add(&gorc__sched.helpers_asleep, asleep ? 1u : UINT32_MAX);
    thread_counted = asleep;
}

static void set_idle(bool idle)
{
    gorc__lock(&lock);
    thread_idle = idle;
    count_thread();
    gorc__unlock(&lock);
}

static void *signal_thread(void *arg)
{
    (void)arg;
    gorc__self();
    gorc__m_is_helper();
    prctl(PR_SET_NAME, "gorc-signal");
    for (;;) {
        set_idle(true);
        gorc__check_asleep(); /* the others may have gone to sleep meanwhile */
        gorc__futex_wait(&wake, 0, INT64_MAX);
        set_idle(false);
        atomic_store(&wake, 0);
        uint64_t signals = atomic_exchange(&arrived, 0);
        if (signals)
            dispatch(signals);
    }
    return NULL;
}

static bool start_thread(void)
{
    pthread_t thread;
    pthread_attr_t attr;
    sigset_t all, old;
    if (!gorc__sysmon_start())
        return false;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, (size_t)256 << 10);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failed = pthread_create(&thread, &attr, signal_thread, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return failed == 0;
}

/* --- fork: the child is as if none of its signals had been asked for --- */

static void fork_child(void)
{
    for (int sig = 1; sig <= LAST_SIGNAL; sig++)
        if (users[sig])
            restore(sig);
    memset(users, 0, sizeof users);
    for (struct signal_ctx *s = list; s; s = s->next)
        s->listed = false; /* the list's reference stays: its context may be in any state */
    list = NULL;
    thread_runs = thread_idle = thread_counted = false;
    atomic_store(&gorc__sched.helpers_asleep, 0);
    atomic_store(&arrived, 0);
}

/* --- constructor and end --- */

static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGKILL, SIGSTOP};

static bool mask_of(const int *signals, size_t n, uint64_t *ret_mask)
{
    *ret_mask = 0;
    for (size_t i = 0; i < n; i++) {
        if (signals[i] < 1 || signals[i] > LAST_SIGNAL)
            return false;
        for (size_t k = 0; k < sizeof faults / sizeof *faults; k++)
            if (signals[i] == faults[k])
                return false;
        *ret_mask |= bit(signals[i]);
    }
    return true;
}

/* The lock held. The thread before the signals: what is caught has somebody to hear of it. 0 or an
 * errno. */
static int prepare(const struct signal_ctx *s)
{
    static bool registered;
    if (!registered)
        gorc__at_fork_child(fork_child);
    registered = true;
    if (!thread_runs)
        thread_runs = start_thread();
    if (!thread_runs)
        return EAGAIN;
    return catch_all(s->mask) == 0 ? 0 : EINVAL;
}

/* 0 or an errno. */
static int enlist(struct signal_ctx *s)
{
    gorc__lock(&lock);
    int failed = prepare(s);
    if (failed) {
        gorc__unlock(&lock);
        return failed;
    }
    s->listed = true;
    s->born = atomic_fetch_add(&n_born, 1) + 1;
    s->next = list;
    list = s;
    count_thread();
    gorc__ctx_ref(&s->c.base);
    gorc__unlock(&lock);
    return 0;
}

void gorc__ctx_signal_stop(struct gorc__canceller *c)
{
    struct signal_ctx *s = (struct signal_ctx *)c;
    gorc__lock(&lock);
    bool was = s->listed;
    if (was) {
        s->listed = false;
        let_go(s->mask);
        struct signal_ctx **at = &list;
        while (*at != s)
            at = &(*at)->next;
        *at = s->next;
        count_thread();
    }
    gorc__unlock(&lock);
    if (was)
        gorc__ctx_unref(&c->base);
}

gorc_ctx *gorc_ctx_with_signal(gorc_ctx *parent, const int *signals, size_t n)
{
    const void *pc = GORC__PC();
    uint64_t mask;
    if (!gorc__ctx_check_parent(parent, pc))
        return NULL;
    if (!mask_of(signals, n, &mask)) {
        errno = EINVAL;
        return NULL;
    }
    struct signal_ctx *s =
        (struct signal_ctx *)gorc__canceller_new(parent, sizeof *s, GORC__CTX_SIGNAL, pc);
    if (!s)
        return NULL;
    s->mask = mask;
    int failed = enlist(s);
    if (failed) {
        gorc__ctx_drop(&s->c.base, gorc__ctx_by_caller(pc));
        errno = failed;
        return NULL;
    }
    return &s->c.base;
}
