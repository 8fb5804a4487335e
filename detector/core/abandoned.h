/* SPDX-License-Identifier: MIT
 *
 * Locks that their tasks held when they ended.
 */
#ifndef DT_ABANDONED_H
#define DT_ABANDONED_H

#include <stdbool.h>
#include <stdint.h>

#include "core/task.h"

struct dt_abandoned {
    struct dt_abandoned *next;
    const void *lock;
    struct dt_task_info *task;
    dt_stackid where;
    uint32_t id, handovers;
    enum dt_lock_kind kind;
    bool shared, reported;
};

/* t ends. */
void dt_abandoned_note(struct dt_task *t);
/* The lock, which nobody has given up or destroyed since, was left locked by an ended task. */
bool dt_is_abandoned(const void *lock);
/* Calls fn for each of them that was not reported before, or only for `lock` unless NULL; with no
 * lock held. */
void dt_abandoned_each(const void *lock, void (*fn)(const struct dt_abandoned *a));
/* Sweep. */
void dt_abandoned_each_task(void (*fn)(struct dt_task_info *info));

#endif
