/* SPDX-License-Identifier: MIT
 *
 * Size classes over mmap'd slabs; one leaf lock and one free list each. A freed object is cleared
 * when it is handed out again, so that untouched slab memory costs nothing. Objects above the last
 * class are mappings of their own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/dalloc.h"
#include "base/lock.h"
#include "base/out.h"
#include "base/own.h"

enum { SLAB = 256 * 1024, N_CLASSES = 22, BIGGEST = 32768, PAGE = 4096 };

static const uint16_t class_size[N_CLASSES] = {16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768,
    1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384, 24576, BIGGEST};

struct free_object {
    struct free_object *next;
};

static struct size_class {
    dt_lock lock;
    struct free_object *freed;
    char *fresh, *end; /* the unused rest of the current slab */
} __attribute__((aligned(64))) classes[N_CLASSES];

static size_t total; /* atomic */

size_t dt_alloc_total(void)
{
    return __atomic_load_n(&total, __ATOMIC_RELAXED);
}

static unsigned class_of(size_t size)
{
    unsigned lo = 0, hi = N_CLASSES - 1;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        if (class_size[mid] < size)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

void *dt_map(size_t size)
{
    int saved = errno;
    size = (size + PAGE - 1) & ~(size_t)(PAGE - 1);
    void *p = mmap(
        NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    errno = saved;
    if (p == MAP_FAILED)
        return NULL;
    dt_own_add(p, size);
    __atomic_fetch_add(&total, size, __ATOMIC_RELAXED);
    return p;
}

void dt_unmap(void *p, size_t size)
{
    int saved = errno;
    size = (size + PAGE - 1) & ~(size_t)(PAGE - 1);
    dt_own_remove(p, size); /* before the program can get it */
    if (munmap(p, size) == 0)
        __atomic_fetch_sub(&total, size, __ATOMIC_RELAXED);
    errno = saved;
}

static void *take(struct size_class *c, size_t size)
{
    struct free_object *o = c->freed;
    if (o) {
        c->freed = o->next;
        return o;
    }
    if ((size_t)(c->end - c->fresh) < size) {
        char *slab = dt_map(SLAB);
        if (!slab)
            return NULL;
        c->fresh = slab;
        c->end = slab + SLAB;
    }
    void *p = c->fresh;
    c->fresh += size;
    return p;
}

static void *alloc_big(size_t size)
{
    void *p = dt_map(size);
    if (!p)
        dt_die_no_room("its records");
    return p;
}

void *dt_alloc(size_t size)
{
    if (size > BIGGEST)
        return alloc_big(size);
    unsigned k = class_of(size);
    struct size_class *c = &classes[k];
    dt_lock_take(&c->lock);
    void *p = take(c, class_size[k]);
    dt_lock_drop(&c->lock);
    if (!p)
        dt_die_no_room("its records");
    return memset(p, 0, size);
}

void dt_free(void *p, size_t size)
{
    if (!p)
        return;
    if (size > BIGGEST) {
        dt_unmap(p, size);
        return;
    }
    struct size_class *c = &classes[class_of(size)];
    struct free_object *o = p;
    dt_lock_take(&c->lock);
    o->next = c->freed;
    c->freed = o;
    dt_lock_drop(&c->lock);
}

void *dt_regrow(void *p, size_t used, size_t size, size_t more)
{
    void *fresh = dt_alloc(more);
    if (used)
        memcpy(fresh, p, used);
    dt_free(p, size);
    return fresh;
}
