/* SPDX-License-Identifier: MIT
 *
 * The malloc family. libc's allocator does the work; here its blocks are made known.
 *
 * A block is forgotten before it is freed and known after it was allocated: in between, its address
 * may already belong to another thread. Calls may come before dt_init, from the loader, from
 * threads that are being torn down: blocks that were made then are not known, and freeing them is
 * no event. An invalid or double free is libc's to detect, after the record has what there is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/shadow.h"
#include "interpose/alloc_calls.h"
#include "interpose/handler_rules.h"
#include "interpose/interpose.h"
#include "runtime/freed.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"

/* A block that no task can be named for: what was known of its memory is void nevertheless. */
static void made_unseen(void *p, size_t size)
{
    struct dt_task *t = dt_self;
    if (dt_on && (!t || !t->in_runtime))
        dt_shadow_clear((uintptr_t)p, size);
}

enum { MAX_HOOKS = 5 };
static struct {
    dt_alloc_made_hook made;
    dt_alloc_freeing_hook freeing;
} hooks[MAX_HOOKS];
static int nhooks;

int dt_alloc_hook(dt_alloc_made_hook made, dt_alloc_freeing_hook freeing)
{
    if (nhooks == MAX_HOOKS)
        return 0;
    hooks[nhooks].made = made;
    hooks[nhooks].freeing = freeing;
    __atomic_store_n(&nhooks, nhooks + 1, __ATOMIC_RELEASE);
    return nhooks;
}

static __attribute__((noinline)) void call_made_hooks(void *p, size_t size)
{
    for (int i = 0; i < nhooks; i++)
        if (hooks[i].made)
            hooks[i].made(p, size);
}

static __attribute__((noinline)) void call_freeing_hooks(void *p)
{
    for (int i = 0; i < nhooks; i++)
        if (hooks[i].freeing)
            hooks[i].freeing(p);
}

void dt_alloc_made(void *p, size_t size, uintptr_t pc)
{
    struct dt_task *t = dt_enter();
    dt_not_for_handlers(pc);
    int saved = errno;
    if (t)
        dt_block_alloc(t, (uintptr_t)p, size, pc);
    else
        made_unseen(p, size);
    if (__builtin_expect(nhooks, 0))
        call_made_hooks(p, size);
    errno = saved;
}

bool dt_alloc_freeing(void *p, uintptr_t pc)
{
    struct dt_task *t = dt_enter();
    dt_not_for_handlers(pc);
    int saved = errno;
    if (__builtin_expect(nhooks, 0))
        call_freeing_hooks(p);
    bool keep = false;
    if (t) {
        dt_block_free(t, (uintptr_t)p, pc);
        keep = dt_freed_report(t, "freed", pc);
    }
    errno = saved;
    return !keep;
}

DT_INTERPOSE(void *, malloc, (size_t size))
{
    void *p = malloc(size);
    if (p)
        dt_alloc_made(p, size, DT_CALLER);
    return p;
}

DT_INTERPOSE(void *, calloc, (size_t n, size_t size))
{
    void *p = calloc(n, size);
    if (p)
        dt_alloc_made(p, n * size, DT_CALLER);
    return p;
}

DT_INTERPOSE(void, free, (void *p))
{
    if (!p || dt_alloc_freeing(p, DT_CALLER))
        free(p);
}

/* The old block ends before the call, which may give its memory to others. When the call fails it
 * goes on, but what was known of its accesses has gone. */
static void *resize(void *old, size_t size, uintptr_t pc)
{
    struct dt_block block;
    struct dt_task *t = dt_enter();
    bool known = t && dt_block_find((uintptr_t)old, &block) && block.addr == (uintptr_t)old;
    struct dt_thread *th = dt_thread_self;
    if (known) {
        if (th)
            __atomic_store_n(&th->is_moving_block, true, __ATOMIC_RELAXED);
        dt_block_free(t, (uintptr_t)old, pc);
    }
    void *p = realloc(old, size);
    if (p)
        dt_alloc_made(p, size, pc);
    else if (known && size)
        dt_alloc_made(old, block.size, pc);
    bool stays = p ? (uintptr_t)p == block.addr : size != 0;
    if (known && stays)
        dt_freed_drop(t);
    else if (known)
        dt_freed_report(t, p ? "moved" : "freed", pc);
    if (known && th)
        __atomic_store_n(&th->is_moving_block, false, __ATOMIC_RELEASE);
    return p;
}

DT_INTERPOSE(void *, realloc, (void *old, size_t size))
{
    if (old)
        return resize(old, size, DT_CALLER);
    void *p = realloc(NULL, size);
    if (p)
        dt_alloc_made(p, size, DT_CALLER);
    return p;
}

DT_INTERPOSE(void *, reallocarray, (void *old, size_t n, size_t size))
{
    size_t total;
    if (__builtin_mul_overflow(n, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    if (old)
        return resize(old, total, DT_CALLER);
    void *p = malloc(total);
    if (p)
        dt_alloc_made(p, total, DT_CALLER);
    return p;
}

DT_INTERPOSE(void *, memalign, (size_t alignment, size_t size))
{
    void *p = memalign(alignment, size);
    if (p)
        dt_alloc_made(p, size, DT_CALLER);
    return p;
}

DT_INTERPOSE(void *, aligned_alloc, (size_t alignment, size_t size))
{
    void *p = aligned_alloc(alignment, size);
    if (p)
        dt_alloc_made(p, size, DT_CALLER);
    return p;
}

DT_INTERPOSE(int, posix_memalign, (void **ret, size_t alignment, size_t size))
{
    int err = posix_memalign(ret, alignment, size);
    if (!err && *ret)
        dt_alloc_made(*ret, size, DT_CALLER);
    return err;
}

DT_INTERPOSE(void *, valloc, (size_t size))
{
    void *p = valloc(size);
    if (p)
        dt_alloc_made(p, size, DT_CALLER);
    return p;
}

DT_INTERPOSE(void *, pvalloc, (size_t size))
{
    void *p = pvalloc(size);
    if (p)
        dt_alloc_made(p, size, DT_CALLER);
    return p;
}

/* What lies behind the size asked for becomes the program's now. */
DT_INTERPOSE(size_t, malloc_usable_size, (void *p))
{
    size_t usable = malloc_usable_size(p);
    struct dt_block block;
    struct dt_task *t = p ? dt_enter() : NULL;
    if (t && dt_block_find((uintptr_t)p, &block) && block.addr == (uintptr_t)p &&
        block.size < usable) {
        uintptr_t end = (block.addr + block.size + 7) & ~(uintptr_t)7;
        if (end < block.addr + usable)
            dt_shadow_clear(end, block.addr + usable - end);
    }
    return usable;
}
