/* SPDX-License-Identifier: MIT
 *
 * What signal.c and others tell each other.
 */
#ifndef DT_SIGNAL_STATE_H
#define DT_SIGNAL_STATE_H

/* The calling thread is in abort(): when its handler of SIGABRT returns, the process ends. */
void dt_signal_abort_begins(void);

/* The calling thread sends `sig` to the process, or makes it be sent later (a timer). */
void dt_signal_release(int sig);
/* It has been given `sig` without a handler (sigwait, signalfd). */
void dt_signal_acquire(int sig);

#endif
