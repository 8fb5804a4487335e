/* SPDX-License-Identifier: MIT
 *
 * Findings about locks beyond those that somebody waits for: deadlocks that did not happen, locks
 * that an ended task left locked, pthread locks over a park.
 */
#ifndef DT_LOCK_ORDER_H
#define DT_LOCK_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/task.h"

/* Sets dt_on_lock_cycle. */
void dt_lock_order_init(void);

/* Reports the locks that ended tasks hold, or one of them. Knows who waits for them. */
void dt_abandoned_report(const void *lock_or_null);

/* The current task leaves its OS thread, and holds pthread locks. True: that is new, and noted.
 * It may be in the middle of an operation of the library, so it is reported later. */
bool dt_lock_note_park(void);
void dt_lock_report_parks(void);

/* `b`, which can be another task that is parked, ends or would have ended a's wait at the channel;
 * or a's wait at the wait group is over. Before a learns of that. The task that is not parked runs.
 */
void dt_lock_wait_met(struct dt_task *a, struct dt_task *b, const void *chan, uintptr_t pc);
/* What a wait was for, and where it was ended (0: unknown). */
struct dt_waited {
    const void *object; /* NULL: a thread's end */
    const char *kind;
    dt_stackid ended_at;
};
void dt_lock_wait_done(
    struct dt_task *a, const void *key, const struct dt_waited *waited, uintptr_t pc);
/* b has ended, for which a has waited. */
void dt_lock_wait_joined(struct dt_task *a, struct dt_task *b, uintptr_t pc);
void dt_lock_report_waits(void);

/* "mutex", "rwlock", "spinlock", "rwmutex" */
const char *dt_lock_kind_word(enum dt_lock_kind kind);

#endif
