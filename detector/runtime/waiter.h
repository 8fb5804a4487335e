/* SPDX-License-Identifier: MIT
 *
 * Who waits for an object right now, for reports of misuse.
 */
#ifndef DT_WAITER_H
#define DT_WAITER_H

#include <stdbool.h>

#include "core/stack.h"

struct dt_task_info;

struct dt_waiter {
    const struct dt_task_info *task;
    dt_stackid stack;
};
/* The first one that is found: a goroutine, or a thread in a call of pthread's or of a semaphore.
 * Looks at all of them; nobody is stopped, and who was woken meanwhile is none. */
bool dt_waiter_find(const void *object, struct dt_waiter *ret);

#endif
