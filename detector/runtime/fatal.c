/* SPDX-License-Identifier: MIT
 *
 * Signals that end the process by default: what was found is recorded first, then the signal does
 * what it would have done, so that the status (and the core) are the signal's.
 *
 * The handler may run on a small alternate stack of the program's, so the work is done on a stack
 * of our own: there is one, since only one thread ends the run (dt_shutdown).
 *
 * An asynchronous signal may have interrupted the runtime while it holds one of its locks. The
 * handler then comes back a little later, by a timer of the thread's own.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/dalloc.h"
#include "runtime/fatal.h"
#include "runtime/runtime.h"
#include "runtime/shutdown.h"
#include "runtime/stack_overflow.h"
#include "runtime/thread.h"

enum { ALT_SIZE = 32 << 10, END_STACK_SIZE = 512 << 10, RETRIES = 400, RETRY_NS = 100000 };

static const int ending_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS,
    SIGFPE, SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGXCPU, SIGXFSZ,
    SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSYS};
enum { COUNT = sizeof ending_signals / sizeof *ending_signals };

static char *end_stack;
static int retries;

/* --- what was interrupted --- */

extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));
static uintptr_t text_lo, text_hi;

static void find_text(void)
{
    uintptr_t base = (uintptr_t)&__ehdr_start;
    const ElfW(Phdr) *ph = (const void *)(base + __ehdr_start.e_phoff);
    for (int i = 0; i < __ehdr_start.e_phnum; i++) {
        if (ph[i].p_type != PT_LOAD || !(ph[i].p_flags & PF_X))
            continue;
        text_lo = base + ph[i].p_vaddr;
        text_hi = text_lo + ph[i].p_memsz;
    }
}

static uintptr_t pc_of(const void *context)
{
    const ucontext_t *uc = context;
#if defined(__x86_64__)
    return (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return uc->uc_mcontext.pc;
#else
    (void)uc;
    return 0;
#endif
}

bool dt_is_own_code(uintptr_t pc)
{
    return pc >= text_lo && pc < text_hi;
}

/* The thread may hold a lock of the runtime's. */
static bool inside_runtime(const void *context)
{
    struct dt_task *t = dt_self;
    if (t != &dt_task_unknown)
        return t->in_runtime != 0;
    return dt_is_own_code(pc_of(context));
}

static bool retry_later(int sig)
{
    if (__atomic_fetch_add(&retries, 1, __ATOMIC_RELAXED) >= RETRIES)
        return false;
    struct sigevent ev;
    memset(&ev, 0, sizeof ev);
    ev.sigev_notify = SIGEV_THREAD_ID;
    ev.sigev_signo = sig;
    ev._sigev_un._tid = (int)syscall(SYS_gettid);
    int timer;
    if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &ev, &timer) != 0)
        return false;
    struct itimerspec when = {.it_value = {.tv_nsec = RETRY_NS}};
    return syscall(SYS_timer_settime, timer, 0, &when, NULL) == 0;
}

/* --- the handler --- */

#if defined(__x86_64__)
void dt_call_on_stack(char *top, void (*fn)(int), int arg)
{
    __asm__ volatile("movq %%rsp, %%rbx\n\t"
                     "movq %0, %%rsp\n\t"
                     "callq *%1\n\t"
                     "movq %%rbx, %%rsp"
                     : "+r"(top), "+r"(fn), "+D"(arg)
                     :
                     : "rbx", "rax", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc",
                     "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                     "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}
#else
void dt_call_on_stack(char *top, void (*fn)(int), int arg)
{
    (void)top;
    fn(arg);
}
#endif

static bool is_fault(int sig)
{
    switch (sig) {
    case SIGILL:
    case SIGTRAP:
    case SIGABRT:
    case SIGBUS:
    case SIGFPE:
    case SIGSEGV:
    case SIGSYS:
    case SIGXCPU:
    case SIGXFSZ:
        return true;
    }
    return false;
}

/* Of the signal that ends the run; set by the thread that owns the stack. */
static const siginfo_t *end_info;
static const void *end_context;

static void end_run(int sig)
{
    if (dt_is_stack_overflow(sig, end_info))
        dt_record_stack_overflow(end_info, end_context);
    dt_shutdown(is_fault(sig) ? DT_END_SIGNAL_FATAL : DT_END_SIGNAL_ASKED, 0);
}

/* One thread at a time owns the stack; dt_shutdown would make the others wait anyway, for good. */
static void end_run_on_own_stack(int sig, const siginfo_t *info, const void *context)
{
    static int owner;
    int me = (int)syscall(SYS_gettid), none = 0;
    bool mine =
        __atomic_compare_exchange_n(&owner, &none, me, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    if (mine) {
        end_info = info;
        end_context = context;
    }
    if (mine && end_stack)
        dt_call_on_stack(end_stack + END_STACK_SIZE, end_run, sig);
    else if (mine)
        end_run(sig);
    else if (none != me) /* else: a fault in the shutdown itself, the signal takes its course */
        while (dt_on)
            usleep(1000);
}

static void take_course(int sig, const siginfo_t *info)
{
    struct sigaction dfl = {.sa_handler = SIG_DFL};
    sigaction(sig, &dfl, NULL);
    /* A fault happens again when the handler returns; what was sent is sent again. */
    if (info->si_code <= 0 || !is_fault(sig))
        syscall(SYS_tgkill, syscall(SYS_getpid), syscall(SYS_gettid), sig);
}

void dt_on_ending_signal(int sig, siginfo_t *info, void *context)
{
    int saved = errno;
    if (dt_on && dt_shutdown_is_ours()) {
        bool fault = is_fault(sig) && info->si_code > 0;
        if (!fault && sig != SIGABRT && inside_runtime(context) && retry_later(sig)) {
            errno = saved;
            return;
        }
        end_run_on_own_stack(sig, info, context);
    }
    take_course(sig, info);
    errno = saved;
}

/* --- installation --- */

bool dt_fatal_covers(int sig)
{
    for (int i = 0; i < COUNT; i++)
        if (ending_signals[i] == sig)
            return true;
    return false;
}

int dt_fatal_set_default(int sig, const struct sigaction *wanted, struct sigaction *ret_old)
{
    struct sigaction act = *wanted;
    if (dt_on && dt_fatal_covers(sig)) {
        act.sa_sigaction = dt_on_ending_signal;
        act.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
        sigfillset(&act.sa_mask);
    }
    return sigaction(sig, &act, ret_old);
}

bool dt_fatal_is_ours(const struct sigaction *act)
{
    return (act->sa_flags & SA_SIGINFO) && act->sa_sigaction == dt_on_ending_signal;
}

void dt_fatal_init(void)
{
    find_text();
    end_stack = dt_map(END_STACK_SIZE);
    struct sigaction act = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    act.sa_sigaction = dt_on_ending_signal;
    sigfillset(&act.sa_mask);
    for (int i = 0; i < COUNT; i++) {
        struct sigaction old;
        if (sigaction(ending_signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            sigaction(ending_signals[i], &act, NULL);
    }
    dt_altstack_install(dt_thread_self);
}

/* --- alternate stacks --- */

void dt_altstack_install(struct dt_thread *th)
{
    stack_t old;
    if (sigaltstack(NULL, &old) != 0 || !(old.ss_flags & SS_DISABLE))
        return;
    th->altstack = dt_map(ALT_SIZE);
    if (!th->altstack)
        return;
    stack_t ss = {.ss_sp = th->altstack, .ss_size = ALT_SIZE};
    if (sigaltstack(&ss, NULL) != 0) {
        dt_unmap(th->altstack, ALT_SIZE);
        th->altstack = NULL;
    }
}

void dt_altstack_remove(struct dt_thread *th)
{
    if (!th->altstack)
        return;
    stack_t now;
    if (sigaltstack(NULL, &now) == 0 && now.ss_sp == th->altstack) {
        stack_t off = {.ss_flags = SS_DISABLE};
        if (sigaltstack(&off, NULL) != 0)
            return; /* it runs on it: a thread that exits in a handler */
    }
    dt_unmap(th->altstack, ALT_SIZE);
    th->altstack = NULL;
}

bool dt_altstack_is_ours(const struct dt_thread *th, const stack_t *ss)
{
    return th && th->altstack && ss->ss_sp == th->altstack;
}
