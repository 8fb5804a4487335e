/* SPDX-License-Identifier: MIT
 *
 * What a signal handler must not do when it has interrupted the program at any place: change errno,
 * call what is not async-signal-safe (POSIX 2.4.3). A handler that was waited for, or that the
 * thread sent the signal to itself for, may.
 */
#ifndef DT_HANDLER_RULES_H
#define DT_HANDLER_RULES_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/runtime.h"
#include "runtime/thread.h"

/* Around the program's handler. */
bool dt_handler_begin(bool is_fault);
void dt_handler_end(bool begun, uintptr_t handler, int errno_before);

/* A function that is not async-signal-safe was called from `pc`. */
void dt_handler_unsafe_call(uintptr_t pc);
static inline void dt_not_for_handlers(uintptr_t pc)
{
    struct dt_thread *th = dt_thread_self;
    if (__builtin_expect(th && th->in_handler, 0))
        dt_handler_unsafe_call(pc);
}

#endif
