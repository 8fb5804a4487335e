/* SPDX-License-Identifier: MIT
 *
 * The frame of an address in the stack of a task that runs, which nobody can unwind: found by the
 * return addresses of a call stack that the task had before.
 */
#ifndef DT_FRAME_SCAN_H
#define DT_FRAME_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Looks from `addr` up to `end` for one of the return addresses `pcs` (innermost first; the first
 * is only a place in the innermost function). True: ret_pc is in the function whose frame `addr`
 * is in, or below, and ret_cfa that frame's address. What another thread changes meanwhile gives no
 * answer or that of a moment ago. Async-signal-safe. */
bool dt_frame_scan(uintptr_t addr, uintptr_t end, const uintptr_t *pcs, size_t n, uintptr_t *ret_pc,
    uintptr_t *ret_cfa);

#endif
