/* SPDX-License-Identifier: MIT
 *
 * Guards: MADV_GUARD_INSTALL (Linux 6.13) needs no mapping of its own. Before that, PROT_NONE pages
 * split the mapping, and the kernel limits the number of mappings (vm.max_map_count); we take up to
 * half of that for guards. Beyond, stacks have no guard page.
 */
#define _GNU_SOURCE

#include "os/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

static _Atomic int guard_by_madvise; /* 0 unknown, 1 yes, -1 no */
static _Atomic long guards_left = -1;

size_t gorc__vm_page(void)
{
    static _Atomic size_t page;
    size_t size = atomic_load_explicit(&page, memory_order_relaxed);
    if (size == 0) {
        size = (size_t)sysconf(_SC_PAGESIZE);
        atomic_store_explicit(&page, size, memory_order_relaxed);
    }
    return size;
}

void *gorc__vm_reserve(size_t size)
{
    int saved = errno;
    void *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        p = NULL;
    else
        madvise(p, size, MADV_NOHUGEPAGE);
    errno = saved;
    return p;
}

bool gorc__vm_commit(void *p, size_t size)
{
    int saved = errno;
    bool ok = mprotect(p, size, PROT_READ | PROT_WRITE) == 0;
    errno = saved;
    return ok;
}

static long read_map_limit(void)
{
    char text[32];
    long limit = 65530;
    int fd = open("/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return limit;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n > 0) {
        text[n] = 0;
        limit = strtol(text, NULL, 10);
    }
    return limit;
}

static bool guard_by_mprotect(void *page)
{
    long left = atomic_load(&guards_left);
    if (left < 0) {
        long share = read_map_limit() / 4; /* each guard makes two mappings */
        atomic_compare_exchange_strong(&guards_left, &left, share);
    }
    if (atomic_fetch_sub(&guards_left, 1) <= 0) {
        atomic_store(&guards_left, 0);
        return false;
    }
    return mprotect(page, gorc__vm_page(), PROT_NONE) == 0;
}

bool gorc__vm_guard(void *page)
{
    int saved = errno;
    bool ok = false;
    if (atomic_load_explicit(&guard_by_madvise, memory_order_relaxed) >= 0) {
        ok = madvise(page, gorc__vm_page(), MADV_GUARD_INSTALL) == 0;
        atomic_store_explicit(&guard_by_madvise, ok ? 1 : -1, memory_order_relaxed);
    }
    if (!ok)
        ok = guard_by_mprotect(page);
    errno = saved;
    return ok;
}

static bool system_swaps(void)
{
    static _Atomic int known; /* 0 unknown, 1 yes, -1 no */
    int state = atomic_load_explicit(&known, memory_order_relaxed);
    if (state == 0) {
        char text[256];
        int fd = open("/proc/swaps", O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
        if (fd >= 0)
            close(fd);
        /* one line of headings when there is no swap */
        const char *end = n > 0 ? memchr(text, '\n', (size_t)n) : NULL;
        state = end && end + 1 == text + n ? -1 : 1;
        atomic_store_explicit(&known, state, memory_order_relaxed);
    }
    return state > 0;
}

uintptr_t gorc__vm_touched_from(uintptr_t lo, uintptr_t hi)
{
    unsigned char resident[64];
    size_t page = gorc__vm_page();
    int saved = errno;
    uintptr_t found = hi;
    if (system_swaps())
        return lo;
    for (uintptr_t at = lo; at < hi && found == hi; at += sizeof resident * page) {
        size_t pages = (hi - at) / page < sizeof resident ? (hi - at) / page : sizeof resident;
        if (mincore((void *)at, pages * page, resident) != 0)
            found = at;
        for (size_t i = 0; i < pages && found == hi; i++)
            if (resident[i] & 1)
                found = at + i * page;
    }
    errno = saved;
    return found;
}

void gorc__vm_trim(void *p, size_t size)
{
    int saved = errno;
    madvise(p, size, MADV_DONTNEED);
    errno = saved;
}
