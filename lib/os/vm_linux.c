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

#include "base/alloc.h"

#include "hooks.h"

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
    if (gorc__alloc_fails())
        return NULL;
    int saved = errno;
    void *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) {
        p = NULL;
    } else {
        madvise(p, size, MADV_NOHUGEPAGE);
        gorc__hook_reserved(p, size);
    }
    errno = saved;
    return p;
}

bool gorc__vm_commit(void *p, size_t size)
{
    if (gorc__alloc_fails())
        return false;
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

static bool guard_by_mprotect(void *page, size_t size)
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
    return mprotect(page, size, PROT_NONE) == 0;
}

void gorc__vm_guard_by_mprotect(void)
{
    atomic_store(&guard_by_madvise, -1);
}

bool gorc__vm_guard(void *page, size_t size)
{
    int saved = errno;
    bool ok = false;
    if (atomic_load_explicit(&guard_by_madvise, memory_order_relaxed) >= 0) {
        ok = madvise(page, size, MADV_GUARD_INSTALL) == 0;
        atomic_store_explicit(&guard_by_madvise, ok ? 1 : -1, memory_order_relaxed);
    }
    if (!ok)
        ok = guard_by_mprotect(page, size);
    errno = saved;
    return ok;
}

void gorc__vm_trim(void *p, size_t size)
{
    int saved = errno;
    madvise(p, size, MADV_DONTNEED);
    errno = saved;
}
