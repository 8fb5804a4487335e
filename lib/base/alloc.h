/* SPDX-License-Identifier: MIT
 *
 * The library's heap: zeroed memory, aligned to 64 bytes where asked. In the race build calloc and
 * free are libc's own (the build redirects them); the detector knows the blocks from a hook.
 * GORC_FAIL_ALLOC=N makes the N-th call fail, for tests of the out-of-memory paths.
 */
#ifndef GORC_LIB_BASE_ALLOC_H
#define GORC_LIB_BASE_ALLOC_H

#include <stdbool.h>
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

/* --- failure on purpose: the n-th request from now on is refused; 0: none is --- */

/* Counts one request; true: it is to be refused. The address space of stacks counts, too. */
bool gorc__alloc_fails(void);
void gorc__alloc_fail_at(long n);
/* Requests until then; 0: it has happened. */
long gorc__alloc_fail_left(void);

#endif
