/* SPDX-License-Identifier: MIT
 *
 * See live.h: the threads of a process. Two looks at /proc tell who has not moved in between, at no
 * cost for the process; then each thread's registers and stack are copied, one thread at a time, so
 * that none is stopped for longer than its own copy takes.
 *
 * A stop (ptrace) ends some system calls with EINTR, which a program need not expect when it has no
 * signal handler: signal(7), "Interruption of system calls and library functions by stop signals".
 * Threads in one of these are not stopped; /proc tells their stack pointer and pc, and the frame of
 * libc's wrapper restores the registers that its callers need.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live.h"
#include "util.h"

enum { MAX_STACK = 256 << 10, RED_ZONE = 128 };

/* --- /proc --- */

static FILE *open_of(int pid, int tid, const char *file)
{
    char path[96];
    snprintf(path, sizeof path, "/proc/%d/task/%d/%s", pid, tid, file);
    return fopen(path, "re");
}

static void read_status(const struct live *l, struct thread *t)
{
    char line[512];
    FILE *f = open_of(l->pid, t->tid, "status");
    t->ns_tid = t->tid;
    t->switches = 0;
    while (f && fgets(line, sizeof line, f)) {
        unsigned long long n;
        if (strncmp(line, "Name:\t", 6) == 0 && !t->name) {
            line[strcspn(line, "\n")] = 0;
            t->name = xstrdup(line + 6);
        } else if (strncmp(line, "State:\t", 7) == 0) {
            t->state = line[7];
        } else if (strncmp(line, "NSpid:", 6) == 0) {
            char *last = strrchr(line, '\t');
            t->ns_tid = last ? atoi(last) : t->tid;
        } else if (sscanf(line, "voluntary_ctxt_switches: %llu", &n) == 1 ||
                   sscanf(line, "nonvoluntary_ctxt_switches: %llu", &n) == 1) {
            t->switches += n;
        }
    }
    if (f)
        fclose(f);
}

static void read_syscall(const struct live *l, struct thread *t)
{
    char line[512] = "";
    FILE *f = open_of(l->pid, t->tid, "syscall");
    t->in_syscall = false;
    if (f && fgets(line, sizeof line, f)) {
        unsigned long long a[THREAD_ARGS + 2];
        long long number;
        if (sscanf(line, "%lld %llx %llx %llx %llx %llx %llx %llx %llx", &number, &a[0], &a[1],
                &a[2], &a[3], &a[4], &a[5], &a[6], &a[7]) == 9 &&
            number >= 0) {
            t->in_syscall = true;
            t->syscall = number;
            for (int i = 0; i < THREAD_ARGS; i++)
                t->args[i] = a[i];
            t->sp = a[6];
            t->pc = a[7];
        }
    }
    if (f)
        fclose(f);
}

void threads_look(const struct live *l, struct threads *ts)
{
    char path[64];
    size_t cap = 0;
    snprintf(path, sizeof path, "/proc/%d/task", l->pid);
    DIR *d = opendir(path);
    ts->first_look = now_ns();
    for (struct dirent *e; d && (e = readdir(d));) {
        int tid = atoi(e->d_name);
        if (tid <= 0)
            continue;
        ts->at = grow(ts->at, ts->n, &cap, sizeof *ts->at);
        struct thread *t = &ts->at[ts->n++];
        *t = (struct thread){.tid = tid};
        read_status(l, t);
        read_syscall(l, t);
    }
    if (d)
        closedir(d);
}

void threads_look_again(const struct live *l, struct threads *ts)
{
    for (size_t i = 0; i < ts->n; i++) {
        struct thread *t = &ts->at[i], now = {.tid = t->tid, .name = t->name};
        read_syscall(l, &now);
        read_status(l, &now);
        t->still = t->in_syscall && now.in_syscall && now.syscall == t->syscall &&
                   now.switches == t->switches && now.pc == t->pc && now.sp == t->sp &&
                   memcmp(now.args, t->args, sizeof now.args) == 0;
        t->still_ns = t->still ? now_ns() - ts->first_look : 0;
        t->state = now.state;
        t->in_syscall = now.in_syscall;
        t->syscall = now.syscall;
        memcpy(t->args, now.args, sizeof now.args);
        t->sp = now.sp;
        t->pc = now.pc;
    }
}

/* --- registers and stacks --- */

static bool stop_is_noticed(const struct thread *t)
{
    static const int64_t numbers[] = {
        SYS_epoll_pwait,
        SYS_semtimedop,
        SYS_semop,
        SYS_msgrcv,
        SYS_msgsnd,
        SYS_rt_sigtimedwait,
        SYS_io_getevents,
        SYS_recvmmsg,
        SYS_mq_timedreceive,
        SYS_mq_timedsend,
        SYS_epoll_pwait2,
#ifdef SYS_epoll_wait
        SYS_epoll_wait,
#endif
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (t->in_syscall && t->syscall == numbers[i])
            return true;
    /* With a time limit of the socket's own (SO_RCVTIMEO) these are not restarted either. */
    return t->in_syscall &&
           (t->syscall == SYS_accept || t->syscall == SYS_accept4 || t->syscall == SYS_recvfrom ||
               t->syscall == SYS_recvmsg || t->syscall == SYS_sendto || t->syscall == SYS_sendmsg ||
               t->syscall == SYS_connect || t->syscall == SYS_read);
}

static void from_kernel(struct thread *t)
{
    t->regs = (struct registers){.known = (uint64_t)1 << CFI_SP | (uint64_t)1 << CFI_PC};
    t->regs.at[CFI_SP] = t->sp;
    t->regs.at[CFI_PC] = t->pc;
}

static void from_user_regs(struct thread *t, const struct user_regs_struct *u)
{
    struct registers *r = &t->regs;
#if defined(__aarch64__)
    for (int i = 0; i < 31; i++)
        r->at[i] = u->regs[i];
    r->at[CFI_SP] = u->sp;
    r->at[CFI_PC] = u->pc;
    r->known = ((uint64_t)1 << CFI_REGISTERS) - 1;
#else
    const uint64_t values[17] = {u->rax, u->rdx, u->rcx, u->rbx, u->rsi, u->rdi, u->rbp, u->rsp,
        u->r8, u->r9, u->r10, u->r11, u->r12, u->r13, u->r14, u->r15, u->rip};
    memcpy(r->at, values, sizeof values);
    r->known = ((uint64_t)1 << 17) - 1;
#endif
}

static void copy_stack(const struct live *l, struct thread *t)
{
    uint64_t sp = t->regs.at[CFI_SP], lo = sp - RED_ZONE, end = live_mapping_end(l, sp);
    if (!end)
        return;
    if (live_mapping_end(l, lo) != end)
        lo = sp;
    size_t n = end - lo < MAX_STACK ? end - lo : MAX_STACK;
    t->stack = (struct memory){.lo = lo, .bytes = xcalloc(n, 1)};
    if (live_read(l, lo, t->stack.bytes, n))
        t->stack.n = n;
}

static bool get_registers(struct thread *t)
{
    struct user_regs_struct u;
    struct iovec io = {&u, sizeof u};
    if (ptrace(PTRACE_GETREGSET, t->tid, (void *)(uintptr_t)NT_PRSTATUS, &io) != 0)
        return false;
    from_user_regs(t, &u);
    return true;
}

/* A signal that comes in instead of our stop stays pending for the thread: PTRACE_SEIZE reports it
 * as a stop of its own, and the detach delivers it. */
static int stop_and_copy(const struct live *l, struct thread *t)
{
    int status, signal = 0;
    if (ptrace(PTRACE_SEIZE, t->tid, NULL, NULL) != 0)
        return errno;
    if (ptrace(PTRACE_INTERRUPT, t->tid, NULL, NULL) == 0 &&
        waitpid(t->tid, &status, __WALL) == t->tid && WIFSTOPPED(status)) {
        if (status >> 16 == 0)
            signal = WSTOPSIG(status);
        if (get_registers(t))
            copy_stack(l, t);
        ptrace(PTRACE_DETACH, t->tid, NULL, (void *)(intptr_t)signal);
    }
    return 0;
}

const char *threads_copy(const struct live *l, struct threads *ts)
{
    int error = 0;
    int usual = getpriority(PRIO_PROCESS, 0);
    setpriority(
        PRIO_PROCESS, 0, -20); /* where we may: on a busy machine a stop must not wait for us */
    for (size_t i = 0; i < ts->n; i++) {
        struct thread *t = &ts->at[i];
        if (t->state == 'Z' || t->state == 'X')
            continue;
        if (stop_is_noticed(t)) {
            from_kernel(t);
            copy_stack(l, t);
            continue;
        }
        int64_t begin = now_ns();
        int e = stop_and_copy(l, t);
        int64_t took = now_ns() - begin;
        ts->stopped_ns += took;
        if (took > ts->longest_stop_ns)
            ts->longest_stop_ns = took;
        if (e && e != ESRCH)
            error = e;
        if (!t->regs.known && t->in_syscall) {
            from_kernel(t);
            copy_stack(l, t);
        }
    }
    setpriority(PRIO_PROCESS, 0, usual);
    if (error == EPERM)
        return "its threads could not be stopped: another debugger is attached, or ptrace is "
               "restricted; running threads have no stack";
    return error ? "its threads could not be stopped; running threads have no stack" : NULL;
}
