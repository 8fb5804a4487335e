/* SPDX-License-Identifier: MIT
 *
 * Our handlers for the signals that end a process, where the program has none, and the alternate
 * stacks they run on. The table of the program's own handlers is signal.c's.
 */
#ifndef DT_FATAL_H
#define DT_FATAL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct dt_thread;

/* The library's own. */
bool dt_is_own_code(uintptr_t pc);

/* What they do: a handler of SA_SIGINFO. It returns, and then the signal takes its course. */
void dt_on_ending_signal(int sig, siginfo_t *info, void *context);
/* Installs them for every ending signal that is at its default now. */
void dt_fatal_init(void);
/* True for a signal whose default action ends the process and which we handle. */
bool dt_fatal_covers(int sig);
/* Puts our handler, or SIG_DFL if the detector is off, where the program asks for SIG_DFL.
 * `old` as sigaction's. */
int dt_fatal_set_default(int sig, const struct sigaction *wanted, struct sigaction *ret_old);

/* The runtime of goroutines starts (interpose/signal.c). */
void dt_signal_goroutines(void);
bool dt_fatal_is_ours(const struct sigaction *act);

/* fn(arg) on another stack, `top` 16-byte aligned; a signal handler's own may be too small. */
void dt_call_on_stack(char *top, void (*fn)(int), int arg);

/* An alternate stack for the calling thread, unless it has one. */
void dt_altstack_install(struct dt_thread *th);
void dt_altstack_remove(struct dt_thread *th);
/* True when `ss` is the one that we installed. */
bool dt_altstack_is_ours(const struct dt_thread *th, const stack_t *ss);

#endif
