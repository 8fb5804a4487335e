/* SPDX-License-Identifier: MIT
 *
 * See fast.c.
 */
#ifndef DT_FAST_H
#define DT_FAST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/task.h"

/* An access of at most eight bytes; `kind`: DT_CELL_P and DT_CELL_W. `pc` as of the program. False:
 * nothing was done, dt_access_uncovered must. */
bool dt_access_fast(struct dt_task *t, uintptr_t addr, unsigned size, uint64_t kind, uintptr_t pc);
/* The same for one granule, by a task that records, inside the core. `x`: the access as a cell. */
bool dt_cells_fast(struct dt_task *t, uintptr_t granule, uint64_t *cells, uint64_t x);

#endif
