/* SPDX-License-Identifier: MIT
 *
 * The library's heap: zeroed memory, aligned to 64 bytes where asked. In the race build calloc and
 * free are libc's own (the build redirects them); the detector knows the blocks from a hook.
 * GORC_FAIL_ALLOC=N makes the N-th call fail, for tests of the out-of-memory paths.
 */
#ifndef GORC_LIB_BASE_ALLOC_H
#define GORC_LIB_BASE_ALLOC_H

#include <stddef.h>

/* NULL when memory is out. */
void *gorc__alloc(size_t size);
/* Aligned to a cache line, zeroed. */
void *gorc__alloc_line(size_t size);
/* The same for what belongs to the runtime itself: leak detection takes nothing in it for a
 * reference of the program's. */
void *gorc__alloc_opaque(size_t size);
void *gorc__alloc_line_opaque(size_t size);
void gorc__free(void *p);

#endif
