/* SPDX-License-Identifier: MIT
 *
 * The detector inside a process: when it is on, who is calling, how the run ends.
 */
#ifndef DT_RUNTIME_H
#define DT_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "core/task.h"
#include "runtime/wait.h"

/* Idempotent; callable before any constructor (__tsan_init comes from .preinit_array). */
void dt_init(void);

extern bool dt_on; /* false before dt_init and after the run's end was recorded */

/* The calling task if the detector is on and may work here, else NULL: not on, a thread that is
 * being torn down, a signal handler that interrupted the runtime, a worker inside the scheduler. */
static inline struct dt_task *dt_enter(void)
{
    struct dt_task *t = dt_self;
    if (__builtin_expect(t == &dt_task_unknown, 0)) {
        if (!dt_on)
            return NULL;
        t = dt_task_meet();
    }
    if (__builtin_expect(!t || t->in_runtime, 0))
        return NULL;
    return t;
}

/* Around work on the core's data: what a signal handler does meanwhile is dropped. Nests. */
static inline void dt_begin(struct dt_task *t)
{
    t->in_runtime++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
static inline void dt_finish(struct dt_task *t)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    t->in_runtime--;
}

/* The current task's whole stack with `pc` innermost: from its shadow stack, or, where the program
 * is not instrumented, from the native one. */
dt_stackid dt_here(struct dt_task *t, uintptr_t pc);

/* Why a run ends. */
enum dt_end {
    DT_END_EXIT,
    DT_END_FAST_EXIT,
    DT_END_SIGNAL_ASKED,
    DT_END_SIGNAL_FATAL,
    DT_END_EXEC
};
/* The shutdown hook: leaks, deadlocks, summary, print. The first caller does it, later ones return.
 * Returns the exit status to use in place of `status` (bare runs: 66 when findings count). */
int dt_shutdown(enum dt_end why, int status);

#endif
