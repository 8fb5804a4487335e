/* SPDX-License-Identifier: MIT
 *
 * The detector's own memory: never the program's malloc. Async-signal-safe but for the thread that
 * was interrupted inside it (task.in_runtime guards that). All memory is zeroed.
 */
#ifndef DT_DALLOC_H
#define DT_DALLOC_H

#include <stddef.h>
#include <stdint.h>

/* NULL never: when memory is out, says so in one line and ends the process with status 99. */
void *dt_alloc(size_t size);
void dt_free(void *p, size_t size); /* size as given to dt_alloc; p may be NULL */
/* An array that has `size` bytes (p may be NULL) goes on in one of `more`: its first `used` are
 * kept, the rest is 0. */
void *dt_regrow(void *p, size_t used, size_t size, size_t more);
/* Whole pages from mmap, reserved lazily (MAP_NORESERVE). NULL when refused. */
void *dt_map(size_t size);
void dt_unmap(void *p, size_t size);
/* Bytes that the detector holds now. */
size_t dt_alloc_total(void);

#endif
