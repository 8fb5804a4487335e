/* SPDX-License-Identifier: MIT
 *
 * A goroutine that has used its stack up runs into the guard. The production library says which one
 * it was and where, and lets the signal end the process; any other SIGSEGV goes to whom it belongs:
 * the handler that was there when the runtime started. It runs on the worker's alternate stack. A
 * handler that the program installs later takes our place, and is what sees an overflow.
 *
 * In the race library the detector owns the signal and asks gorc__inspect_overflow.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/misuse.h"
#include "os/vm.h"
#include "sched/g.h"
#include "sched/stack.h"

/* How far below its lower end an access still counts as main's overflow: the kernel leaves a gap of
 * 1 MB there; and how far the lower end may lie from where the limit puts it. */
#define MAIN_SLACK ((uintptr_t)1 << 20)

static bool hits_guard(const struct gorc__g *g, uintptr_t addr)
{
    switch (g->kind) {
    case GORC__KIND_GOROUTINE:
        return addr < g->stack_lo && addr >= g->stack_lo - GORC__GUARD_PAGES * gorc__vm_page();
    case GORC__KIND_MAIN:
        return addr < g->stack_lo + MAIN_SLACK && addr >= g->stack_lo - MAIN_SLACK;
    default:
        return false;
    }
}

bool gorc__inspect_overflow(const void *addr, struct gorc__inspect_g *ret_g)
{
    struct gorc__m *m = gorc__m_self();
    if (!m || m->foreign || !hits_guard(m->g, (uintptr_t)addr))
        return false;
    struct gorc__g *g = m->g;
    *ret_g = (struct gorc__inspect_g){
        .goid = g->goid,
        .name = g->name ? g->name : gorc__name_of(g),
        .state = GORC__G_RUNNING,
        .parent = g->parent,
        .created = g->created,
        .entry = (const void *)(uintptr_t)g->fn,
        .stack_lo = g->stack_lo,
        .stack_hi = g->stack_hi,
        .task = &g->hook,
    };
    return true;
}

#ifdef GORC_DETECT

void gorc__stack_fault_init(void)
{
}

#else

static struct sigaction before;

static void take_course(int sig, const siginfo_t *info)
{
    struct sigaction dfl = {.sa_handler = SIG_DFL};
    sigaction(sig, &dfl, NULL);
    if (info->si_code <= 0) /* it was sent; a fault happens again when we return */
        syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), sig);
}

static void report(const struct gorc__inspect_g *g, const void *context)
{
    gorc__printf("gorc: stack overflow (goroutine %llu", (unsigned long long)g->goid);
    if (g->name)
        gorc__printf(" \"%s\"", g->name);
    gorc__printf(")\nits stack has %zu bytes%s\n", (size_t)(g->stack_hi - g->stack_lo),
        g->goid == 1 ? "" : ": GORC_STACK, or stack_size of gorc_go_with, gives it more");
    gorc__print_context(context);
    if (g->entry)
        gorc__print_place("goroutine function", (gorc__place)(uintptr_t)g->entry + 1, 0);
    if (g->created)
        gorc__print_place("created by", g->created, g->parent);
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
    int saved = errno;
    struct gorc__inspect_g g;
    if (info->si_code > 0 && gorc__inspect_overflow(info->si_addr, &g)) {
        report(&g, context);
        take_course(sig, info);
    } else if (before.sa_flags & SA_SIGINFO) {
        errno = saved;
        before.sa_sigaction(sig, info, context);
        return;
    } else if (before.sa_handler == SIG_DFL ||
               (before.sa_handler == SIG_IGN && info->si_code > 0)) {
        take_course(sig, info);
    } else if (before.sa_handler != SIG_IGN) {
        errno = saved;
        before.sa_handler(sig);
        return;
    }
    errno = saved;
}

void gorc__stack_fault_init(void)
{
    int saved = errno;
    struct sigaction act = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
    if (sigaction(SIGSEGV, NULL, &before) == 0) {
        act.sa_sigaction = on_fault;
        if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
            act.sa_mask = before.sa_mask;
            act.sa_flags |= before.sa_flags & (SA_NODEFER | SA_RESTART);
        }
        sigaction(SIGSEGV, &act, NULL);
    }
    errno = saved;
}

#endif
