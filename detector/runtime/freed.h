/* SPDX-License-Identifier: MIT
 *
 * Memory that is given back while somebody waits for an object in it, whom nobody has woken, or
 * holds a pthread lock in it.
 *
 * The record of an object (core/sync.h) says what it is, whether a lock is held, and of a cond,
 * semaphore or barrier how many wait that nobody has woken; it is looked at when it goes with its
 * memory, and costs nothing until then. What looks used is noted, and then those who wait are
 * looked for, so that a record that is out of date is no finding.
 */
#ifndef DT_FREED_H
#define DT_FREED_H

#include <stdbool.h>
#include <stdint.h>

#include "core/sync.h"

struct dt_task;

void dt_freed_init(void);

extern __attribute__((visibility("hidden"))) uint32_t dt_freed_noted;

bool dt_freed_report_noted(struct dt_task *t, const char *freed, uintptr_t pc);
/* After t has made memory known as given back, before it is, with nothing of ours locked; `freed`:
 * "freed", "unmapped", "destroyed". True: the program goes on with an object of the library's in it
 * (on_misuse=continue): keep the memory. Aborts for such with on_misuse=abort. */
static inline bool dt_freed_report(struct dt_task *t, const char *freed, uintptr_t pc)
{
    return __builtin_expect(__atomic_load_n(&dt_freed_noted, __ATOMIC_RELAXED) != 0, 0) &&
           dt_freed_report_noted(t, freed, pc);
}
/* The memory is not given back after all. */
void dt_freed_drop(struct dt_task *t);
/* In a forked child: what others have noted they will not report. */
void dt_freed_forked(void);

/* t begins to wait for a cond or semaphore; and has ended that without having been woken. */
void dt_waits_begin(struct dt_task *t, const void *object, enum dt_sync_what what);
void dt_waits_end(struct dt_task *t, const void *object);
/* dt_release, and one of those who wait is woken, or all are. */
void dt_waits_wake(struct dt_task *t, const void *object, bool all);
/* Before the object is destroyed. */
void dt_waits_destroy(struct dt_task *t, const void *object, uintptr_t pc);

#endif
