/* SPDX-License-Identifier: MIT
 *
 * The detector inside a process: when it is on, who is calling, how the run ends.
 */
#ifndef DT_RUNTIME_H
#define DT_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "core/core.h"
#include "core/task.h"
#include "runtime/wait.h"

/* Idempotent; callable before any constructor (__tsan_init comes from .preinit_array). */
void dt_init(void);

extern __attribute__((visibility(
    "hidden"))) bool dt_on; /* false before dt_init and after the run's end was recorded */

/* The calling task if the detector is on and may work here, else NULL: not on, a thread that is
 * being torn down, a signal handler that interrupted the runtime, a worker inside the scheduler. */
static inline struct dt_task *dt_enter_quietly(void)
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

/* The same for a call of the program's that returns to `pc`: where what is synchronised now is said
 * to happen (core/synced.h). */
static inline struct dt_task *dt_enter_at(uintptr_t pc)
{
    struct dt_task *t = dt_enter_quietly();
    if (__builtin_expect(t != NULL, 1))
        t->caller = pc;
    return t;
}

/* In the function itself that the program has called, or a part that is expanded into it. */
__attribute__((always_inline)) static inline struct dt_task *dt_enter(void)
{
    return dt_enter_at((uintptr_t)__builtin_return_address(0));
}

/* Around work on the core's data: passes the core's gate (core.h), and what a signal handler does
 * meanwhile is dropped. Nests. Nothing in between may block. */
static inline void dt_begin(struct dt_task *t)
{
    uint32_t n = t->in_runtime;
    __atomic_store_n(&t->in_runtime, n + 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (__builtin_expect(__atomic_load_n(&dt_gate, __ATOMIC_ACQUIRE) != 0, 0) && n == 0)
        dt_gate_wait(t);
}
static inline void dt_finish(struct dt_task *t)
{
    __atomic_store_n(&t->in_runtime, t->in_runtime - 1, __ATOMIC_RELEASE);
}

/* The current task's whole stack with `pc` innermost: from its shadow stack, or, where the program
 * is not instrumented, from the native one. */
dt_stackid dt_here(struct dt_task *t, uintptr_t pc);
/* The same from the native stack in any case, for what happens rarely: it also has the functions
 * that are not instrumented (C++'s std::thread, callbacks through the library) and who called them.
 * Falls back when the unwinder comes less far than the shadow stack. */
dt_stackid dt_here_native(struct dt_task *t, uintptr_t pc);

/* A frame for a call of the program's that code of ours makes: the interposed function returns to
 * `pc`. False: none was pushed, the shadow stack is empty or full. */
static inline bool dt_frame_push(struct dt_task *t, uintptr_t pc)
{
    if (t == &dt_task_unknown || t->top == t->base || t->top >= t->limit)
        return false;
    struct dt_frame *f = t->top + 1;
    f->pc = pc;
    f->node = 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    t->top = f;
    return true;
}
static inline void dt_frame_pop(struct dt_task *t)
{
    if (t->top > t->base)
        t->top--;
}

/* Why a run ends. */
enum dt_end {
    DT_END_EXIT,
    DT_END_FAST_EXIT,
    DT_END_SIGNAL_ASKED,
    DT_END_SIGNAL_FATAL,
    DT_END_EXEC,
    DT_END_HALT /* at a finding: halt_on_error, all asleep; what is left is no leak */
};
/* The shutdown hook: leaks, deadlocks, summary, print. The first caller does it, later ones return.
 * Returns the exit status to use in place of `status` (bare runs: 66 when findings count). */
int dt_shutdown(enum dt_end why, int status);

#endif
