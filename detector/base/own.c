/* SPDX-License-Identifier: MIT
 *
 * See own.h. An array in a mapping of its own, which is in the list too. The lock is a leaf.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/lock.h"
#include "base/own.h"

enum { FIRST_BYTES = 64 << 10 };

static dt_lock lock;
static struct dt_own_range *ranges;
static size_t n, cap;

/* False: no room, and the range stays unknown: what is in it then counts as the program's. */
static bool grow(void)
{
    size_t bytes = cap ? 2 * cap * sizeof *ranges : FIRST_BYTES;
    int saved = errno;
    struct dt_own_range *fresh =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    errno = saved;
    if (fresh == MAP_FAILED)
        return false;
    if (n)
        memcpy(fresh, ranges, n * sizeof *ranges);
    if (ranges) {
        munmap(ranges, cap * sizeof *ranges);
        ranges = fresh;
        ranges[0] = (struct dt_own_range){(uintptr_t)fresh, (uintptr_t)fresh + bytes};
    } else {
        ranges = fresh;
        ranges[n++] = (struct dt_own_range){(uintptr_t)fresh, (uintptr_t)fresh + bytes};
    }
    cap = bytes / sizeof *ranges;
    return true;
}

void dt_own_add(const void *p, size_t size)
{
    dt_lock_take(&lock);
    if (n < cap || grow())
        ranges[n++] = (struct dt_own_range){(uintptr_t)p, (uintptr_t)p + size};
    dt_lock_drop(&lock);
}

/* What comes and goes was mostly added last. */
void dt_own_remove(const void *p, size_t size)
{
    dt_lock_take(&lock);
    for (size_t i = n; i-- > 0;) {
        if (ranges[i].lo == (uintptr_t)p && ranges[i].hi == (uintptr_t)p + size) {
            ranges[i] = ranges[--n];
            break;
        }
    }
    dt_lock_drop(&lock);
}

size_t dt_own_size(void)
{
    size_t size = 0;
    dt_lock_take(&lock);
    for (size_t i = 0; i < n; i++)
        size += ranges[i].hi - ranges[i].lo;
    dt_lock_drop(&lock);
    return size;
}

const struct dt_own_range *dt_own_try(size_t *ret_n)
{
    for (int i = 0; i < 1000; i++) {
        if (dt_lock_try(&lock)) {
            *ret_n = n;
            return ranges;
        }
    }
    return NULL;
}

void dt_own_release(void)
{
    dt_lock_drop(&lock);
}

void dt_own_forked(void)
{
    lock = 0;
}
