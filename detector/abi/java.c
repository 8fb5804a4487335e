/* SPDX-License-Identifier: MIT
 *
 * The calls of a Java machine that keeps a heap of its own. Which objects begin where is kept in a
 * bitmap of the heap, one bit for every eight bytes: __tsan_java_find asks.
 */
#include <stddef.h>
#include <stdint.h>

#include "abi/exported.h"
#include "abi/hold.h"
#include "base/dalloc.h"
#include "core/shadow.h"
#include "core/sync.h"
#include "runtime/locks.h"
#include "runtime/runtime.h"

typedef unsigned long jptr;

EXPORT void __tsan_java_init(jptr heap, jptr size);
EXPORT int __tsan_java_fini(void);
EXPORT void __tsan_java_alloc(jptr p, jptr size);
EXPORT void __tsan_java_free(jptr p, jptr size);
EXPORT void __tsan_java_move(jptr from, jptr to, jptr size);
EXPORT jptr __tsan_java_find(jptr *from, jptr to);
EXPORT void __tsan_java_finalize(void);
EXPORT void __tsan_java_mutex_lock(jptr p);
EXPORT void __tsan_java_mutex_unlock(jptr p);
EXPORT void __tsan_java_mutex_read_lock(jptr p);
EXPORT void __tsan_java_mutex_read_unlock(jptr p);
EXPORT void __tsan_java_mutex_lock_rec(jptr p, int times);
EXPORT int __tsan_java_mutex_unlock_rec(jptr p);
EXPORT void __tsan_java_acquire(jptr p);
EXPORT void __tsan_java_release(jptr p);
EXPORT void __tsan_java_release_store(jptr p);

/* --- the heap --- */

static uint64_t *starts;
static jptr heap_at, heap_size;

static uint64_t *word_of(jptr p, uint64_t *ret_bit)
{
    if (!starts || p - heap_at >= heap_size)
        return NULL;
    jptr i = (p - heap_at) / 8;
    *ret_bit = (uint64_t)1 << i % 64;
    return &starts[i / 64];
}

static void set_start(jptr p)
{
    uint64_t bit, *w = word_of(p, &bit);
    if (w)
        __atomic_fetch_or(w, bit, __ATOMIC_RELAXED);
}

static bool take_start(jptr p)
{
    uint64_t bit, *w = word_of(p, &bit);
    return w && (__atomic_fetch_and(w, ~bit, __ATOMIC_RELAXED) & bit);
}

void __tsan_java_init(jptr heap, jptr size)
{
    dt_init();
    heap_at = heap;
    heap_size = size;
    starts = dt_map((size + 511) / 512 * 8);
}

/* The process's end is noticed anyhow. */
int __tsan_java_fini(void)
{
    return 0;
}

void __tsan_java_alloc(jptr p, jptr size)
{
    struct dt_task *t = dt_enter();
    set_start(p);
    if (t)
        dt_block_alloc(t, p, size, CALLER);
}

/* A collector frees; no access of the program races with it. */
void __tsan_java_free(jptr p, jptr size)
{
    for (jptr at = p; at < p + size; at += 8)
        take_start(at);
    if (dt_enter())
        dt_shadow_clear(p, size);
}

/* With the world stopped: whatever was done with the objects happens before what follows. */
void __tsan_java_move(jptr from, jptr to, jptr size)
{
    bool up = to > from;
    for (jptr i = 0; i < size; i += 8) {
        jptr at = up ? size - 8 - i : i;
        if (take_start(from + at))
            set_start(to + at);
    }
    if (!dt_enter())
        return;
    dt_shadow_clear(from, size);
    dt_shadow_clear(to, size);
}

/* The first object in [*from, to): its address, also in *from; 0: none. */
jptr __tsan_java_find(jptr *from, jptr to)
{
    for (jptr p = *from; p < to; p += 8) {
        uint64_t bit, *w = word_of(p, &bit);
        if (w && (__atomic_load_n(w, __ATOMIC_RELAXED) & bit)) {
            *from = p;
            return p;
        }
    }
    return 0;
}

/* --- order --- */

static const char finalizers;

void __tsan_java_finalize(void)
{
    __tsan_java_acquire((jptr)&finalizers);
}

void __tsan_java_acquire(jptr p)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_acquire(t, (const void *)p);
}

void __tsan_java_release(jptr p)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_release(t, (const void *)p);
}

void __tsan_java_release_store(jptr p)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_release_store(t, (const void *)p);
}

void __tsan_java_mutex_lock(jptr p)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_lock_acquired(t, (const void *)p, DT_LOCK_MUTEX, 0, CALLER);
}

void __tsan_java_mutex_unlock(jptr p)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_lock_releasing_any(t, (const void *)p);
}

void __tsan_java_mutex_read_lock(jptr p)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_lock_acquired_shared(t, (const void *)p, DT_LOCK_RWLOCK, 0, CALLER);
}

void __tsan_java_mutex_read_unlock(jptr p)
{
    __tsan_java_mutex_unlock(p);
}

/* As often as the earlier unlock_rec said. */
void __tsan_java_mutex_lock_rec(jptr p, int times)
{
    struct dt_task *t = dt_enter();
    for (int i = 0; t && i < times; i++)
        dt_lock_acquired(t, (const void *)p, DT_LOCK_MUTEX, 0, CALLER);
}

int __tsan_java_mutex_unlock_rec(jptr p)
{
    struct dt_task *t = dt_enter();
    int times = t ? dt_hold_count((const void *)p) : 1;
    for (int i = 0; t && i < times; i++)
        dt_lock_releasing_any(t, (const void *)p);
    return times;
}
