/* SPDX-License-Identifier: MIT
 *
 * Accesses and clearing of any length, inside the core.
 */
#ifndef DT_RANGE_H
#define DT_RANGE_H

#include <stddef.h>

#include "core/shadow.h"

/* As dt_access; `pc` may carry DT_NODE_FREE. Races are queued (granule.h). */
void dt_range_access(struct dt_task *t, uintptr_t addr, size_t size, unsigned flags, uint64_t pc);
/* The same, within a granule, for a task that records. */
void dt_granule_range(
    struct dt_task *t, uintptr_t addr, unsigned size, unsigned flags, uint64_t pc);
/* Forgets the accesses only. */
void dt_range_clear_cells(uintptr_t addr, size_t size);
/* As dt_shadow_clear. */
void dt_range_clear(uintptr_t addr, size_t size);

#endif
