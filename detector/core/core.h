/* SPDX-License-Identifier: MIT
 *
 * The core as a whole: start, fork, and the gate at its edge.
 *
 * Whatever changes shared state of the core does so between dt_core_enter and dt_core_leave of the
 * running task. Closing the gate waits until no other task is inside and keeps them out; it is how
 * the sweep changes phase and how fork finds every lock free. A task inside never blocks, so the
 * wait is short. A signal handler that finds in_runtime > 0 must not enter (dt_enter of runtime/).
 */
#ifndef DT_CORE_H
#define DT_CORE_H

#include "base/lock.h"
#include "core/task.h"

/* Before the first task is made. Idempotent; one thread. */
void dt_core_init(void);

enum { DT_GATE_CLOSED = 1, DT_GATE_SWEEP_DUE = 2, DT_GATE_PURGE_DUE = 4 };
extern DT_HIDDEN uint32_t dt_gate;
void dt_gate_wait(struct dt_task *t);
/* The next task that enters sweeps; it holds no lock then. */
static inline void dt_gate_ask_sweep(void)
{
    __atomic_fetch_or(&dt_gate, DT_GATE_SWEEP_DUE, __ATOMIC_RELAXED);
}

/* The next task that enters purges logs of reads (reads.h). */
static inline void dt_gate_ask_purge(void)
{
    if (!(__atomic_load_n(&dt_gate, __ATOMIC_RELAXED) & DT_GATE_PURGE_DUE))
        __atomic_fetch_or(&dt_gate, DT_GATE_PURGE_DUE, __ATOMIC_RELAXED);
}
static inline void dt_gate_purge_done(void)
{
    __atomic_fetch_and(&dt_gate, ~(uint32_t)DT_GATE_PURGE_DUE, __ATOMIC_RELAXED);
}

/* Returns the running task, to be handed to dt_core_leave. Nests. */
static inline struct dt_task *dt_core_enter(void)
{
    struct dt_task *t = dt_self;
    uint32_t n = t->in_runtime;
    __atomic_store_n(&t->in_runtime, n + 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (__builtin_expect(__atomic_load_n(&dt_gate, __ATOMIC_ACQUIRE) != 0, 0) && n == 0)
        dt_gate_wait(t);
    return t;
}

static inline void dt_core_leave(struct dt_task *t)
{
    __atomic_store_n(&t->in_runtime, t->in_runtime - 1, __ATOMIC_RELEASE);
}

/* For work on the core by a thread that runs no task (a worker inside the scheduler, a thread at
 * its start or end): dt_self is dt_task_unknown then, which the gate does not count. Does not nest.
 */
void dt_gate_stranger_enter(void);
void dt_gate_stranger_leave(void);

/* Called inside the core. Close: false when somebody else is closing it, or when a task did not
 * come out within a second; then nothing has changed. */
bool dt_gate_close(struct dt_task *me);
void dt_gate_open(void);

/* Around fork(): prepare closes the gate; then one of the others in parent and child. In the child
 * every other task is gone: their records stay (reports refer to them), their clocks no longer
 * count. */
void dt_core_fork_prepare(void);
void dt_core_fork_parent(void);
void dt_core_fork_child(void);

#endif
