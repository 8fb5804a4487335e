/* SPDX-License-Identifier: MIT
 *
 * Signal dispositions. The kernel has our trampoline in place of each of the program's handlers,
 * and fatal.c's handler in place of SIG_DFL for signals that end the process; the program sees its
 * own. A handler runs at once, on the stack and with the mask that the program asked for. Setting
 * the disposition and sending a signal happen before what the handler does.
 *
 * SA_RESETHAND is done by the trampoline, since the kernel would put SIG_DFL where ours belongs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/lock.h"
#include "core/shadow.h"
#include "core/sync.h"
#include "interpose/fd_table.h"
#include "interpose/handler_rules.h"
#include "interpose/interpose.h"
#include "interpose/signal_state.h"
#include "lib/hooks.h"
#include "runtime/fatal.h"
#include "runtime/runtime.h"
#include "runtime/stack_overflow.h"
#include "runtime/thread.h"
#include "runtime/threads_asleep.h"

enum { DEFER_NS = 30000, DEFER_TRIES = 30 };

typedef void (*handler)(int, siginfo_t *, void *);

/* What the program asked for; the handler is read by the trampoline without the lock. */
static struct sigaction table[NSIG];
static handler handlers[NSIG];
static dt_lock table_lock;

/* Goroutines exist: one may use its stack up, so SIGSEGV always comes on the alternate stack, a
 * handler of the program's for it too. */
static bool segv_on_stack;

static pthread_t aborting; /* 0: nobody */

void dt_signal_abort_begins(void)
{
    aborting = pthread_self();
}

static const void *key(int sig)
{
    return &handlers[sig];
}

void dt_signal_release(int sig)
{
    struct dt_task *t = sig > 0 && sig < NSIG ? dt_enter() : NULL;
    if (!t)
        return;
    dt_begin(t);
    dt_release(t, key(sig));
    dt_fd_signal_sent(t);
    dt_finish(t);
}

void dt_signal_acquire(int sig)
{
    struct dt_task *t = sig > 0 && sig < NSIG ? dt_enter() : NULL;
    if (!t)
        return;
    dt_begin(t);
    dt_acquire(t, key(sig));
    dt_finish(t);
}

/* The library's own handler does not go through the trampoline. */
void gorc__hook_signal(int sig)
{
    struct dt_task *t = sig > 0 && sig < NSIG ? dt_enter() : NULL;
    if (!t)
        return;
    dt_begin(t);
    dt_acquire(t, key(sig));
    dt_finish(t);
}

/* The table is changed with all signals blocked: a handler may change it too. */
static void lock_table(sigset_t *ret_old)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, ret_old);
    dt_lock_take(&table_lock);
}

static void unlock_table(const sigset_t *old)
{
    dt_lock_drop(&table_lock);
    pthread_sigmask(SIG_SETMASK, old, NULL);
}

static void reset(int sig)
{
    struct sigaction dfl = {.sa_handler = SIG_DFL};
    sigset_t old;
    lock_table(&old);
    table[sig] = dfl;
    dt_fatal_set_default(sig, &dfl, NULL);
    unlock_table(&old);
}

static bool is_fault(int sig, const siginfo_t *info)
{
    return info->si_code > 0 && (sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE ||
                                    sig == SIGILL || sig == SIGTRAP || sig == SIGSYS);
}

static bool start_timer(struct dt_thread *th, int sig)
{
    struct sigevent ev;
    memset(&ev, 0, sizeof ev);
    ev.sigev_notify = SIGEV_THREAD_ID;
    ev.sigev_signo = sig;
    ev._sigev_un._tid = (int)syscall(SYS_gettid);
    if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &ev, &th->deferred.timer) != 0)
        return false;
    struct itimerspec when = {.it_value = {.tv_nsec = DEFER_NS}};
    if (syscall(SYS_timer_settime, th->deferred.timer, 0, &when, NULL) == 0)
        return true;
    syscall(SYS_timer_delete, th->deferred.timer);
    return false;
}

/* True: the handler comes later. A signal that was put off is handed over with what it said. */
static bool defer(int sig, siginfo_t *info)
{
    struct dt_thread *th = dt_thread_self;
    if (!th || sig >= SIGRTMIN || is_fault(sig, info))
        return false;
    struct dt_deferred *d = &th->deferred;
    bool again = d->sig == sig;
    if (again) {
        syscall(SYS_timer_delete, d->timer);
        *info = d->info;
        d->sig = 0;
    }
    d->tries = again ? d->tries + 1 : 0;
    struct dt_task *t = dt_self;
    if (!dt_on || t == &dt_task_unknown || !t->in_runtime || d->sig || d->tries > DEFER_TRIES ||
        !start_timer(th, sig))
        return false;
    d->info = *info;
    d->sig = sig;
    return true;
}

/* One that still waits comes before its disposition changes. */
static void flush_deferred(int sig)
{
    struct dt_thread *th = dt_thread_self;
    if (th && th->deferred.sig == sig)
        syscall(SYS_tgkill, syscall(SYS_getpid), syscall(SYS_gettid), sig);
}

/* Handlers that different goroutines of a worker, or different threads' lives, ran on one alternate
 * stack left their frames there: nobody's now. Inside the core. */
static void clear_alternate_stack(const ucontext_t *uc)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0), lo = (uintptr_t)uc->uc_stack.ss_sp;
    if (lo && here > lo && here - lo < uc->uc_stack.ss_size)
        dt_shadow_clear(lo, here - lo);
}

static void dt_signal_trampoline(int sig, siginfo_t *info, void *context)
{
    int saved = errno;
    if (dt_is_stack_overflow(sig, info)) { /* no handler of the program's could go on from there */
        dt_on_ending_signal(sig, info, context);
        return;
    }
    if (defer(sig, info)) {
        errno = saved;
        return;
    }
    handler h = __atomic_load_n(&handlers[sig], __ATOMIC_ACQUIRE);
    if (table[sig].sa_flags & (int)SA_RESETHAND)
        reset(sig);
    struct dt_task *self = dt_self, *t = dt_enter();
    struct dt_frame *top = self->top;
    if (t) {
        dt_begin(t);
        dt_acquire(t, key(sig));
        clear_alternate_stack(context);
        dt_finish(t);
    }
    bool begun = dt_handler_begin(is_fault(sig, info));
    errno = saved;
    h(sig, info, context);
    dt_handler_end(begun, (uintptr_t)h, saved);
    if (sig == SIGABRT && aborting == pthread_self())
        dt_shutdown(DT_END_SIGNAL_FATAL, 0);
    /* A handler that was left half-way (longjmp inside it) does not leave its frames. */
    if (t && dt_self == t && self == t)
        t->top = top;
}

static bool is_handler(const struct sigaction *act)
{
    return (act->sa_flags & SA_SIGINFO) ||
           (act->sa_handler != SIG_DFL && act->sa_handler != SIG_IGN);
}

static bool is_trampoline(const struct sigaction *act)
{
    return (act->sa_flags & SA_SIGINFO) && act->sa_sigaction == dt_signal_trampoline;
}

/* With the table locked. */
static int install(int sig, const struct sigaction *wanted)
{
    if (!is_handler(wanted)) {
        if (wanted->sa_handler == SIG_DFL)
            return dt_fatal_set_default(sig, wanted, NULL);
        return sigaction(sig, wanted, NULL);
    }
    handler before = handlers[sig];
    __atomic_store_n(&dt_signal_handled, true, __ATOMIC_RELAXED);
    struct sigaction act = *wanted;
    act.sa_sigaction = dt_signal_trampoline;
    act.sa_flags = (act.sa_flags | SA_SIGINFO) & ~(int)SA_RESETHAND;
    if (sig == SIGSEGV && segv_on_stack)
        act.sa_flags |= SA_ONSTACK;
    __atomic_store_n(&handlers[sig], wanted->sa_sigaction, __ATOMIC_RELEASE);
    int result = sigaction(sig, &act, NULL);
    if (result)
        handlers[sig] = before;
    return result;
}

static int set(int sig, const struct sigaction *wanted, struct sigaction *ret_old)
{
    struct sigaction now, copy;
    if (wanted)
        copy = *wanted; /* ret_old may be the same */
    sigset_t mask;
    lock_table(&mask);
    int result = sigaction(sig, NULL, &now);
    if (!result) {
        struct sigaction old = now;
        if (is_trampoline(&now) || dt_fatal_is_ours(&now))
            old = table[sig];
        if (wanted) {
            struct sigaction before = table[sig];
            table[sig] = copy;
            result = install(sig, &copy);
            if (result)
                table[sig] = before;
        }
        if (!result && ret_old)
            *ret_old = old;
    }
    unlock_table(&mask);
    return result;
}

void dt_signal_goroutines(void)
{
    struct sigaction now;
    sigset_t mask;
    lock_table(&mask);
    segv_on_stack = true;
    if (sigaction(SIGSEGV, NULL, &now) == 0 && is_trampoline(&now)) {
        now.sa_flags |= SA_ONSTACK;
        sigaction(SIGSEGV, &now, NULL);
    }
    unlock_table(&mask);
}

DT_INTERPOSE(int, sigaction,
    (int sig, const struct sigaction *restrict wanted, struct sigaction *restrict ret_old))
{
    if (!dt_on || sig <= 0 || sig >= NSIG)
        return sigaction(sig, wanted, ret_old);
    if (wanted) {
        dt_signal_release(sig);
        flush_deferred(sig);
    }
    return set(sig, wanted, ret_old);
}

/* signal() sets SA_RESTART unless siginterrupt() said otherwise; libc keeps that to itself, so its
 * own call is made first, and what it set is then set again through us. */
static sighandler_t set_by(sighandler_t (*real)(int, sighandler_t), int sig, sighandler_t wanted)
{
    if (!dt_on || sig <= 0 || sig >= NSIG)
        return real(sig, wanted);
    dt_signal_release(sig);
    flush_deferred(sig);
    struct sigaction old, now;
    if (set(sig, NULL, &old) != 0)
        return SIG_ERR;
    sigset_t all, mask;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &mask);
    sighandler_t result = real(sig, wanted);
    if (result != SIG_ERR && sigaction(sig, NULL, &now) == 0) {
        set(sig, &now, NULL);
        result = old.sa_handler;
    }
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    return result;
}

DT_INTERPOSE(sighandler_t, signal, (int sig, sighandler_t wanted))
{
    return set_by(signal, sig, wanted);
}

DT_INTERPOSE(sighandler_t, sysv_signal, (int sig, sighandler_t wanted))
{
    return set_by(sysv_signal, sig, wanted);
}

extern sighandler_t __sysv_signal(int sig, sighandler_t wanted);
DT_INTERPOSE(sighandler_t, __sysv_signal, (int sig, sighandler_t wanted))
{
    return set_by(__sysv_signal, sig, wanted);
}

/* The alternate stack that we gave the thread is not the program's. */
DT_INTERPOSE(int, sigaltstack, (const stack_t *restrict ss, stack_t *restrict ret_old))
{
    stack_t old;
    int result = sigaltstack(ss, &old);
    if (result == 0 && ret_old) {
        if (dt_altstack_is_ours(dt_thread_self, &old))
            old = (stack_t){.ss_flags = SS_DISABLE};
        *ret_old = old;
    }
    return result;
}

/* --- sending --- */

/* The signal may be the thread's own, and be there before the call returns. */
static struct dt_thread *sending(void)
{
    struct dt_thread *th = dt_thread_self;
    if (th)
        th->sending++;
    return th;
}

static int sent(struct dt_thread *th, int result)
{
    if (th && th->sending)
        th->sending--;
    return result;
}

DT_INTERPOSE(int, raise, (int sig))
{
    dt_signal_release(sig);
    struct dt_thread *th = sending();
    return sent(th, raise(sig));
}

DT_INTERPOSE(int, kill, (pid_t pid, int sig))
{
    dt_signal_release(sig);
    struct dt_thread *th = sending();
    return sent(th, kill(pid, sig));
}

DT_INTERPOSE(int, pthread_kill, (pthread_t thread, int sig))
{
    dt_signal_release(sig);
    struct dt_thread *th = sending();
    return sent(th, pthread_kill(thread, sig));
}

DT_INTERPOSE(int, pthread_sigqueue, (pthread_t thread, int sig, const union sigval value))
{
    dt_signal_release(sig);
    struct dt_thread *th = sending();
    return sent(th, pthread_sigqueue(thread, sig, value));
}

DT_INTERPOSE(int, sigqueue, (pid_t pid, int sig, const union sigval value))
{
    dt_signal_release(sig);
    struct dt_thread *th = sending();
    return sent(th, sigqueue(pid, sig, value));
}
