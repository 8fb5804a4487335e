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

/* "mutex", "rwlock", "spinlock", "rwmutex" */
const char *dt_lock_kind_word(enum dt_lock_kind kind);

#endif
