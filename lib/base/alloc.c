/* SPDX-License-Identifier: MIT
 */
#include "base/alloc.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hooks.h"

/* -1: not read yet, 0: never fail, n: the n-th call from now fails */
static _Atomic long fail_countdown = -1;

bool gorc__alloc_fails(void)
{
    long n = atomic_load_explicit(&fail_countdown, memory_order_relaxed);
    if (__builtin_expect(n == 0, 1))
        return false;
    if (n < 0) {
        const char *text = getenv("GORC_FAIL_ALLOC");
        long start = text ? strtol(text, NULL, 10) : 0;
        if (atomic_compare_exchange_strong(&fail_countdown, &n, start > 0 ? start : 0))
            n = start > 0 ? start : 0;
    }
    while (n > 0)
        if (atomic_compare_exchange_weak(&fail_countdown, &n, n - 1))
            return n == 1;
    return false;
}

void gorc__alloc_fail_at(long n)
{
    atomic_store(&fail_countdown, n);
}

long gorc__alloc_fail_left(void)
{
    return atomic_load(&fail_countdown);
}

static void *allocate(size_t size, bool opaque)
{
    int saved = errno;
    void *p = gorc__alloc_fails() ? NULL : calloc(1, size);
    if (p)
        gorc__hook_allocated(p, size, opaque);
    errno = saved;
    return p;
}

void *gorc__alloc(size_t size)
{
    return allocate(size, false);
}

void *gorc__alloc_opaque(size_t size)
{
    return allocate(size, true);
}

static void *allocate_line(size_t size, bool opaque)
{
    int saved = errno;
    void *p = NULL;
    if (size > SIZE_MAX - 63 || gorc__alloc_fails())
        return NULL;
    size = (size + 63) & ~(size_t)63;
    p = aligned_alloc(64, size);
    if (p) {
        memset(p, 0, size);
        gorc__hook_allocated(p, size, opaque);
    }
    errno = saved;
    return p;
}

void *gorc__alloc_line(size_t size)
{
    return allocate_line(size, false);
}

void *gorc__alloc_line_opaque(size_t size)
{
    return allocate_line(size, true);
}

void gorc__free(void *p)
{
    if (p)
        gorc__hook_freeing(p);
    free(p);
}
