/* SPDX-License-Identifier: MIT
 *
 * The detector inside a process: when it is on, who is calling, how the run ends.
 */
#ifndef DT_RUNTIME_H
#define DT_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "core/task.h"

/* Idempotent; callable before any constructor (__tsan_init comes from .preinit_array). */
void dt_init(void);

extern bool dt_on; /* false before dt_init and after the run's end was recorded */

/* The calling task if the detector is on and may work here, else NULL: not on, a thread that is
 * being torn down, a signal handler that interrupted the runtime, a worker inside the scheduler. */
static inline struct dt_task *dt_enter(void)
{
    struct dt_task *t = dt_self;
    if (__builtin_expect(t == &dt_task_unknown, 0))
        t = dt_task_meet();
    if (__builtin_expect(!t || t->in_runtime, 0))
        return NULL;
    return t;
}

/* Threads. Called by interpose/pthread.c in these places. */
struct dt_thread;
struct dt_thread *dt_thread_create(uintptr_t pc);          /* in the creator, before pthread_create */
void dt_thread_abort(struct dt_thread *th);                /* pthread_create failed */
void dt_thread_start(struct dt_thread *th);                /* first thing on the new thread */
void dt_thread_finish(struct dt_thread *th);               /* last thing on it */
void dt_thread_joined(struct dt_thread *th, uintptr_t pc); /* after pthread_join succeeded */
void dt_thread_detached(struct dt_thread *th);

/* Blocking state of plain threads: set around every blocking call of libc that is interposed. */
struct dt_wait {
    const char *reason;  /* "pthread mutex", "pthread join", "read" ... */
    const void *object;
    bool timed;
    uintptr_t regs[8]; /* pc sp bp bx r12 r13 r14 r15, to unwind it while it waits */
};

/* Why a run ends. */
enum dt_end { DT_END_EXIT, DT_END_FAST_EXIT, DT_END_SIGNAL_ASKED, DT_END_SIGNAL_FATAL, DT_END_EXEC };
/* The shutdown hook: leaks, deadlocks, summary, print. The first caller does it, later ones return.
 * Returns the exit status to use in place of `status` (bare runs: 66 when findings count). */
int dt_shutdown(enum dt_end why, int status);

#endif
