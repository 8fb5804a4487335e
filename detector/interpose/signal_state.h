/* SPDX-License-Identifier: MIT
 *
 * What signal.c has to be told by others.
 */
#ifndef DT_SIGNAL_STATE_H
#define DT_SIGNAL_STATE_H

/* The calling thread is in abort(): when its handler of SIGABRT returns, the process ends. */
void dt_signal_abort_begins(void);

#endif
