/* SPDX-License-Identifier: MIT
 *
 * Deadlocks that have happened.
 */
#ifndef DT_DEADLOCK_H
#define DT_DEADLOCK_H

#include <stdbool.h>

struct dt_task;

/* All goroutines are asleep: one finding with everybody's stack. */
void dt_deadlock_all_asleep(void);

/* The calling thread, with its wait set, is about to block. True: it waits in a cycle of threads
 * that wait for each other, or for a lock that
 * an ended task holds. */
bool dt_deadlock_cycle(void);
/* The same, and the cycle is reported unless it has been. */
void dt_deadlock_report(struct dt_task *me);

#endif
