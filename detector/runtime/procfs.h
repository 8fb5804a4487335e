/* SPDX-License-Identifier: MIT
 *
 * What /proc tells of this process, read without memory of anybody's: in a signal handler and with
 * the world stopped, too.
 */
#ifndef DT_PROCFS_H
#define DT_PROCFS_H

#include <stdbool.h>
#include <stddef.h>

/* Calls fn for each name in a directory. False: it is not there. */
bool dt_proc_each(const char *directory, void (*fn)(const char *name, void *arg), void *arg);
/* The beginning of /proc/self/task/TID/NAME; NAME has 11 characters at most. "": it is not there.
 */
void dt_proc_read_task(int tid, const char *name, char *ret_text, size_t size);

/* Calls fn for each thread of the process but the caller's. False: /proc is not there. */
bool dt_tids_each(void (*fn)(int tid, void *arg), void *arg);
/* R, S ... as in /proc/PID/stat; 0: not known. */
char dt_tid_state(int tid);

#endif
