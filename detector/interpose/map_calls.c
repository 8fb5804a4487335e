/* SPDX-License-Identifier: MIT
 *
 * Memory that comes from the kernel or goes back to it: whatever was known of the addresses is
 * void. Given back is void before the call, since after it another thread may get them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "core/shadow.h"
#include "core/sync.h"
#include "interpose/interpose.h"
#include "runtime/freed.h"
#include "runtime/runtime.h"

static void fresh(const void *p, size_t size)
{
    struct dt_task *t = dt_self;
    int saved = errno;
    if (dt_on && size && (!t || t == &dt_task_unknown || !t->in_runtime))
        dt_shadow_clear((uintptr_t)p, size);
    errno = saved;
}

static size_t whole_pages(size_t size)
{
    return (size + 4095) & ~(size_t)4095;
}

DT_INTERPOSE(void *, mmap, (void *at, size_t size, int prot, int flags, int fd, off_t offset))
{
    void *p = mmap(at, size, prot, flags, fd, offset);
    if (p != MAP_FAILED)
        fresh(p, whole_pages(size));
    return p;
}

DT_INTERPOSE(void *, mmap64, (void *at, size_t size, int prot, int flags, int fd, off_t offset))
{
    void *p = mmap(at, size, prot, flags, fd, offset);
    if (p != MAP_FAILED)
        fresh(p, whole_pages(size));
    return p;
}

DT_INTERPOSE(int, munmap, (void *p, size_t size))
{
    bool whole = ((uintptr_t)p & 4095) == 0;
    struct dt_task *t = whole ? dt_enter() : NULL;
    int saved = errno;
    if (t) {
        dt_sync_given_back(p, whole_pages(size), false);
        if (dt_freed_report(t, "unmapped", DT_CALLER))
            return 0;
    }
    errno = saved;
    if (whole)
        fresh(p, whole_pages(size));
    return munmap(p, size);
}

/* The fifth argument exists with MREMAP_FIXED only; reading it otherwise is harmless on the
 * machines supported. */
DT_INTERPOSE(void *, mremap, (void *old, size_t old_size, size_t size, int flags, ...))
{
    va_list args;
    va_start(args, flags);
    void *at = va_arg(args, void *);
    va_end(args);
    void *p = mremap(old, old_size, size, flags, at);
    if (p == MAP_FAILED)
        return p;
    if (p != old)
        fresh(p, whole_pages(size));
    else if (size > old_size)
        fresh((char *)p + whole_pages(old_size), whole_pages(size) - whole_pages(old_size));
    return p;
}

DT_INTERPOSE(void *, sbrk, (intptr_t by))
{
    void *p = sbrk(by);
    if (p != (void *)-1 && by > 0)
        fresh(p, (size_t)by);
    return p;
}

DT_INTERPOSE(int, brk, (void *end))
{
    char *before = sbrk(0);
    int err = brk(end);
    if (!err && (char *)end > before)
        fresh(before, (size_t)((char *)end - before));
    return err;
}

DT_INTERPOSE(void *, shmat, (int id, const void *at, int flags))
{
    void *p = shmat(id, at, flags);
    int saved = errno;
    struct shmid_ds info;
    if (p != (void *)-1 && shmctl(id, IPC_STAT, &info) == 0)
        fresh(p, whole_pages(info.shm_segsz));
    errno = saved;
    return p;
}
