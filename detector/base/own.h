/* SPDX-License-Identifier: MIT
 *
 * Address space that is the detector's or the library's own, not the program's: what lies there is
 * no reference of the program's (leak detection), and no program data.
 */
#ifndef DT_OWN_H
#define DT_OWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dt_own_range {
    uintptr_t lo, hi;
};

void dt_own_add(const void *p, size_t size);
void dt_own_remove(const void *p, size_t size); /* as added */

/* All of it, in bytes. */
size_t dt_own_size(void);

/* The ranges, in no order, valid until dt_own_release. NULL: somebody is just changing them, who
 * may have been stopped; try again later. Async-signal-safe. */
const struct dt_own_range *dt_own_try(size_t *ret_n);
void dt_own_release(void);
void dt_own_forked(void);

#endif
