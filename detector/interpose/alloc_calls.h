/* SPDX-License-Identifier: MIT
 *
 * What every interposer that gives or takes heap memory does.
 */
#ifndef DT_ALLOC_CALLS_H
#define DT_ALLOC_CALLS_H

#include <stddef.h>
#include <stdint.h>

/* After the real allocation. Keeps errno. */
void dt_alloc_made(void *p, size_t size, uintptr_t pc);
/* Before the real free. Keeps errno. */
void dt_alloc_freeing(void *p, uintptr_t pc);

#endif
