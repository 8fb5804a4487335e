/* SPDX-License-Identifier: MIT
 *
 * Stacks of many goroutines. Unwinding one takes microseconds, and most of 100,000 are blocked at
 * the same place: a stack of the same depth, with the same return addresses at the same places as
 * one that was unwound before, is the same stack.
 */
#ifndef DT_ALIKE_H
#define DT_ALIKE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/inspect.h"

struct dt_alike;

/* Memory of the detector's own; not for several threads. */
struct dt_alike *dt_alike_new(void);
void dt_alike_free(struct dt_alike *a);

/* As dt_goroutine_stack. */
size_t dt_alike_stack(
    struct dt_alike *a, const struct gorc__inspect_g *g, uintptr_t *ret_pcs, size_t max);

#endif
