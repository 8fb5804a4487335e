/* SPDX-License-Identifier: MIT
 *
 * The calls of sanitizer/allocator_interface.h: hooks, and what the heap holds.
 */
#define _GNU_SOURCE
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/exported.h"
#include "core/shadow.h"
#include "interpose/alloc_calls.h"
#include "runtime/runtime.h"

EXPORT int __sanitizer_install_malloc_and_free_hooks(
    void (*made)(const volatile void *p, size_t size), void (*freeing)(const volatile void *p));
EXPORT size_t __sanitizer_get_estimated_allocated_size(size_t size);
EXPORT int __sanitizer_get_ownership(const volatile void *p);
EXPORT size_t __sanitizer_get_allocated_size(const volatile void *p);
EXPORT size_t __sanitizer_get_allocated_size_fast(const volatile void *p);
EXPORT const void *__sanitizer_get_allocated_begin(const void *p);
EXPORT void __sanitizer_purge_allocator(void);
EXPORT size_t __sanitizer_get_current_allocated_bytes(void);
EXPORT size_t __sanitizer_get_heap_size(void);
EXPORT size_t __sanitizer_get_free_bytes(void);
EXPORT size_t __sanitizer_get_unmapped_bytes(void);

int __sanitizer_install_malloc_and_free_hooks(
    void (*made)(const volatile void *p, size_t size), void (*freeing)(const volatile void *p))
{
    return dt_alloc_hook(made, freeing);
}

size_t __sanitizer_get_estimated_allocated_size(size_t size)
{
    return size;
}

static bool find_block(const volatile void *p, struct dt_block *ret)
{
    return p && dt_enter() && dt_block_find((uintptr_t)p, ret) && ret->addr == (uintptr_t)p;
}

int __sanitizer_get_ownership(const volatile void *p)
{
    struct dt_block block;
    return find_block(p, &block);
}

size_t __sanitizer_get_allocated_size(const volatile void *p)
{
    struct dt_block block;
    return find_block(p, &block) ? block.size : 0;
}

size_t __sanitizer_get_current_allocated_bytes(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

size_t __sanitizer_get_heap_size(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.arena + m.hblkhd;
}

size_t __sanitizer_get_free_bytes(void)
{
    return mallinfo2().fordblks;
}

size_t __sanitizer_get_unmapped_bytes(void)
{
    return 0;
}

size_t __sanitizer_get_allocated_size_fast(const volatile void *p)
{
    return __sanitizer_get_allocated_size(p);
}

const void *__sanitizer_get_allocated_begin(const void *p)
{
    struct dt_block block;
    bool found = p && dt_enter() && dt_block_find((uintptr_t)p, &block);
    return found ? (const void *)block.addr : NULL;
}

void __sanitizer_purge_allocator(void)
{
    malloc_trim(0);
}
