/* SPDX-License-Identifier: MIT
 *
 * All threads asleep: a program without goroutines in which nobody can wake anybody any more.
 */
#ifndef DT_THREADS_ASLEEP_H
#define DT_THREADS_ASLEEP_H

#include <stdbool.h>

/* The program has given a signal a handler, which may post a semaphore. Set once, atomic. */
extern __attribute__((visibility("hidden"))) bool dt_signal_handled;

/* By a thread that has been told to end the process, in a handler or not. Reports it, unless a
 * cycle among the threads has been reported. */
void dt_threads_asleep_report(void);

#endif
