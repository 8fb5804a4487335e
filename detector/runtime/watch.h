/* SPDX-License-Identifier: MIT
 *
 * Deadlocks among some of the tasks of a gorc program while the others go on: the library's monitor
 * thread looks now and then (gorc__hook_watch).
 *
 * What each task waits for, be it in the library or in libc, has one owner at most who can end the
 * wait: who holds the lock, the thread that is joined. A cycle of such waits that stands in two
 * looks is reported. Cycles that pass through channels, wait groups or conds: meanwhile.h. Threads
 * that wait for each other by pthread's calls alone are found by these (deadlock.h).
 */
#ifndef DT_WATCH_H
#define DT_WATCH_H

#include <stdbool.h>

struct dt_task;

/* t is in a cycle that was reported, or behind it. */
bool dt_watch_told(const struct dt_task *t);
void dt_watch_tell(const struct dt_task *t);
/* In a forked child: the parent's monitor thread, in no gate, may just have been telling. */
void dt_watch_forked(void);

#endif
