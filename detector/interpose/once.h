/* SPDX-License-Identifier: MIT
 *
 * What pthread_once and call_once have in common: the initialiser happens before every return.
 */
#ifndef DT_ONCE_H
#define DT_ONCE_H

#include "core/task.h"
#include "runtime/thread.h"

/* Run by libc in place of the program's initialiser. */
void dt_once_thunk(void);
/* Around the real call with dt_once_thunk. False: there is nowhere to keep the frame. */
bool dt_once_enter(struct dt_once_frame *f, void *key, void (*fn)(void), uintptr_t pc);
void dt_once_leave(struct dt_task *t, struct dt_once_frame *f);

#endif
