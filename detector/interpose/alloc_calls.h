/* SPDX-License-Identifier: MIT
 *
 * What every interposer that gives or takes heap memory does.
 */
#ifndef DT_ALLOC_CALLS_H
#define DT_ALLOC_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* After the real allocation. Keeps errno. */
void dt_alloc_made(void *p, size_t size, uintptr_t pc);
/* Before the real free. Keeps errno. False: the block is to be kept (runtime/freed.h). */
bool dt_alloc_freeing(void *p, uintptr_t pc);

/* The program's own hooks (__sanitizer_install_malloc_and_free_hooks); either may be NULL. Gives
 * the hook's number, 0: there is no room. */
typedef void (*dt_alloc_made_hook)(const volatile void *p, size_t size);
typedef void (*dt_alloc_freeing_hook)(const volatile void *p);
int dt_alloc_hook(dt_alloc_made_hook made, dt_alloc_freeing_hook freeing);

#endif
