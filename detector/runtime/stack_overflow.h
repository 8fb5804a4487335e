/* SPDX-License-Identifier: MIT
 *
 * A goroutine that has used its stack up: noticed by the handlers of SIGSEGV, recorded on the stack
 * that ends the run.
 */
#ifndef DT_STACK_OVERFLOW_H
#define DT_STACK_OVERFLOW_H

#include <signal.h>
#include <stdbool.h>

/* The signal is the calling goroutine's stack overflow. Async-signal-safe. */
bool dt_is_stack_overflow(int sig, const siginfo_t *info);
/* Records it. `context` is the handler's. Needs some 80 KB of stack. */
void dt_record_stack_overflow(const siginfo_t *info, const void *context);

#endif
