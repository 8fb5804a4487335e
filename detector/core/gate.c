/* SPDX-License-Identifier: MIT
 *
 * The gate at the core's edge (core.h), and fork.
 *
 * A task stores in_runtime and then loads dt_gate; who closes stores dt_gate and then loads every
 * in_runtime. The task's side has no fence, so the closer makes every thread of the process pass
 * one (membarrier, or a change of a page's protection, which interrupts all CPUs that run the
 * process).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/membarrier.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/lock.h"
#include "core/core.h"
#include "core/lockcount.h"
#include "core/reads.h"
#include "core/sweep.h"

uint32_t dt_gate;
static dt_lock closing;            /* held while the gate is closed */
static struct dt_task *gate_owner; /* atomic */
static uint32_t strangers;         /* inside without a task of their own; atomic */

enum { PATIENCE_NS = 1000 * 1000 * 1000 };
static const int64_t FORK_PATIENCE_NS = (int64_t)5 * PATIENCE_NS;

static void fence_all_by_page(void)
{
    static char page[8192];
    char *p = (char *)(((uintptr_t)page + 4095) & ~(uintptr_t)4095);
    __atomic_fetch_add(p, 1, __ATOMIC_SEQ_CST); /* resident, so that the change must be told */
    mprotect(p, 4096, PROT_READ);
    mprotect(p, 4096, PROT_READ | PROT_WRITE);
}

static void fence_all(void)
{
    int saved = errno;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0) {
        syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
        if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0)
            fence_all_by_page();
    }
    errno = saved;
}

static int64_t now_ns(void)
{
    struct timespec ts;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void count_inside(struct dt_task *t, void *arg)
{
    unsigned *inside = arg;
    if (t != __atomic_load_n(&gate_owner, __ATOMIC_RELAXED) &&
        __atomic_load_n(&t->in_runtime, __ATOMIC_ACQUIRE) > 0)
        ++*inside;
}

bool dt_gate_close(struct dt_task *me)
{
    int saved = errno;
    if (!dt_lock_try(&closing))
        return false;
    __atomic_store_n(&gate_owner, me, __ATOMIC_RELAXED);
    __atomic_fetch_or(&dt_gate, DT_GATE_CLOSED, __ATOMIC_SEQ_CST);
    fence_all();
    int64_t begin = now_ns();
    unsigned round = 0, inside;
    do {
        inside = __atomic_load_n(&strangers, __ATOMIC_SEQ_CST);
        dt_task_each(count_inside, &inside);
        if (inside) {
            dt_pause(&round);
            if (now_ns() - begin > PATIENCE_NS)
                break;
        }
    } while (inside);
    if (inside)
        dt_gate_open();
    errno = saved;
    return !inside;
}

void dt_gate_open(void)
{
    __atomic_store_n(&gate_owner, NULL, __ATOMIC_RELAXED);
    __atomic_fetch_and(&dt_gate, ~(uint32_t)DT_GATE_CLOSED, __ATOMIC_RELEASE);
    dt_lock_drop(&closing);
}

static void wait_open(struct dt_task *t)
{
    int saved = errno;
    unsigned round = 0;
    do {
        __atomic_store_n(&t->in_runtime, 0, __ATOMIC_RELEASE);
        while (__atomic_load_n(&dt_gate, __ATOMIC_ACQUIRE) & DT_GATE_CLOSED)
            dt_pause(&round);
        __atomic_exchange_n(&t->in_runtime, 1, __ATOMIC_SEQ_CST);
    } while (__atomic_load_n(&dt_gate, __ATOMIC_SEQ_CST) & DT_GATE_CLOSED);
    errno = saved;
}

void dt_gate_wait(struct dt_task *t)
{
    if (t == &dt_task_unknown || t == __atomic_load_n(&gate_owner, __ATOMIC_RELAXED))
        return;
    uint32_t gate = __atomic_load_n(&dt_gate, __ATOMIC_ACQUIRE);
    if (gate & DT_GATE_CLOSED)
        wait_open(t);
    if (__atomic_load_n(&dt_gate, __ATOMIC_ACQUIRE) & DT_GATE_SWEEP_DUE)
        dt_sweep(t);
    if (__atomic_load_n(&dt_gate, __ATOMIC_ACQUIRE) & DT_GATE_PURGE_DUE)
        dt_reads_purge(t);
}

void dt_gate_stranger_enter(void)
{
    int saved = errno;
    unsigned round = 0;
    for (;;) {
        __atomic_add_fetch(&strangers, 1, __ATOMIC_SEQ_CST);
        if (!(__atomic_load_n(&dt_gate, __ATOMIC_SEQ_CST) & DT_GATE_CLOSED))
            break;
        __atomic_sub_fetch(&strangers, 1, __ATOMIC_RELEASE);
        while (__atomic_load_n(&dt_gate, __ATOMIC_ACQUIRE) & DT_GATE_CLOSED)
            dt_pause(&round);
    }
    errno = saved;
}

void dt_gate_stranger_leave(void)
{
    __atomic_sub_fetch(&strangers, 1, __ATOMIC_RELEASE);
}

void dt_core_fork_prepare(void)
{
    struct dt_task *me = dt_core_enter();
    unsigned round = 0;
    int64_t begin = now_ns();
    /* A sweep of another task goes first. Somebody who does not come out for ever must not keep
     * the program from forking: then the child may find a lock taken. */
    while (!dt_gate_close(me)) {
        if (now_ns() - begin > FORK_PATIENCE_NS)
            return;
        dt_core_leave(me);
        dt_pause(&round);
        me = dt_core_enter();
    }
    dt_reads_flush_all(me);
}

static bool is_mine(void)
{
    return __atomic_load_n(&gate_owner, __ATOMIC_RELAXED) == dt_self;
}

void dt_core_fork_parent(void)
{
    if (is_mine())
        dt_gate_open();
    dt_core_leave(dt_self);
}

static void end_other(struct dt_task *t, void *arg)
{
    if (t != arg)
        dt_task_gone(t);
}

void dt_core_fork_child(void)
{
    __atomic_store_n(&strangers, 0, __ATOMIC_RELAXED);
    dt_task_each(end_other, dt_self);
    dt_lockcount_forked();
    if (!is_mine()) { /* whoever has closed it is not here */
        __atomic_store_n(&gate_owner, NULL, __ATOMIC_RELAXED);
        __atomic_fetch_and(&dt_gate, ~(uint32_t)DT_GATE_CLOSED, __ATOMIC_RELEASE);
        __atomic_store_n(&closing, 0, __ATOMIC_RELEASE);
    }
    dt_core_fork_parent();
}
