/* SPDX-License-Identifier: MIT
 *
 * The public calls of the compilers' sanitizer/tsan_interface.h: happens-before, the program's own
 * mutexes, external objects, and the calls of the upstream test programs.
 */
#include <sched.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/exported.h"
#include "abi/hold.h"
#include "core/shadow.h"
#include "core/sync.h"
#include "runtime/locks.h"
#include "runtime/runtime.h"

EXPORT void __tsan_acquire(void *addr);
EXPORT void __tsan_release(void *addr);

void __tsan_acquire(void *addr)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_acquire(t, addr);
}

void __tsan_release(void *addr)
{
    struct dt_task *t = dt_enter();
    if (t)
        dt_release(t, addr);
}

/* --- mutexes. What a mutex does between its pre_ and post_ calls is not checked. --- */

enum {
    READ_LOCK = 1 << 3,
    TRY_LOCK = 1 << 4,
    TRY_LOCK_FAILED = 1 << 5,
    RECURSIVE_LOCK = 1 << 6,
    RECURSIVE_UNLOCK = 1 << 7,
};

EXPORT void __tsan_mutex_create(void *m, unsigned flags);
EXPORT void __tsan_mutex_destroy(void *m, unsigned flags);
EXPORT void __tsan_mutex_pre_lock(void *m, unsigned flags);
EXPORT void __tsan_mutex_post_lock(void *m, unsigned flags, int recursion);
EXPORT int __tsan_mutex_pre_unlock(void *m, unsigned flags);
EXPORT void __tsan_mutex_post_unlock(void *m, unsigned flags);
EXPORT void __tsan_mutex_pre_signal(void *m, unsigned flags);
EXPORT void __tsan_mutex_post_signal(void *m, unsigned flags);
EXPORT void __tsan_mutex_pre_divert(void *m, unsigned flags);
EXPORT void __tsan_mutex_post_divert(void *m, unsigned flags);
EXPORT void __tsan_check_no_mutexes_held(void);

static void ignore_begin(struct dt_task *t)
{
    if (t)
        t->ignore++;
}

static void ignore_end(struct dt_task *t)
{
    if (t && t->ignore)
        t->ignore--;
}

/* What a lock does inside, with accesses and atomics of its own, is not the program's. */
static void inside_begin(struct dt_task *t)
{
    ignore_begin(t);
    if (t)
        t->ignore_sync++;
}

static void inside_end(struct dt_task *t)
{
    ignore_end(t);
    if (t && t->ignore_sync)
        t->ignore_sync--;
}

void __tsan_mutex_create(void *m, unsigned flags)
{
    struct dt_task *t = dt_enter();
    (void)flags;
    if (t)
        dt_lock_created(t, m, CALLER);
}

void __tsan_mutex_destroy(void *m, unsigned flags)
{
    struct dt_task *t = dt_enter();
    (void)flags;
    if (t)
        dt_lock_destroyed(t, m, 1);
}

void __tsan_mutex_pre_lock(void *m, unsigned flags)
{
    (void)m, (void)flags;
    inside_begin(dt_enter());
}

void __tsan_mutex_post_lock(void *m, unsigned flags, int recursion)
{
    struct dt_task *t = dt_enter();
    inside_end(t);
    if (!t || (flags & TRY_LOCK_FAILED))
        return;
    int n = (flags & RECURSIVE_LOCK) && recursion > 1 ? recursion : 1;
    uint32_t how = flags & TRY_LOCK ? DT_HOW_TRY : 0;
    while (n--) {
        if (flags & READ_LOCK)
            dt_lock_acquired_shared(t, m, DT_LOCK_RWLOCK, how, CALLER);
        else
            dt_lock_acquired(t, m, DT_LOCK_RWLOCK, how, CALLER);
    }
}

int dt_hold_count(const void *m)
{
    struct dt_sync *s = dt_sync_lock(m, false);
    if (!s)
        return 1;
    int n = s->recursion > 1 ? (int)s->recursion : 1;
    dt_sync_unlock(s);
    return n;
}

int __tsan_mutex_pre_unlock(void *m, unsigned flags)
{
    struct dt_task *t = dt_enter();
    if (!t)
        return 1;
    int n = flags & RECURSIVE_UNLOCK ? dt_hold_count(m) : 1;
    for (int i = 0; i < n; i++)
        dt_lock_releasing_any(t, m);
    inside_begin(t);
    return n;
}

void __tsan_mutex_post_unlock(void *m, unsigned flags)
{
    (void)m, (void)flags;
    inside_end(dt_enter());
}

void __tsan_mutex_pre_signal(void *m, unsigned flags)
{
    (void)m, (void)flags;
    inside_begin(dt_enter());
}

void __tsan_mutex_post_signal(void *m, unsigned flags)
{
    (void)m, (void)flags;
    inside_end(dt_enter());
}

void __tsan_mutex_pre_divert(void *m, unsigned flags)
{
    (void)m, (void)flags;
    inside_end(dt_enter());
}

void __tsan_mutex_post_divert(void *m, unsigned flags)
{
    (void)m, (void)flags;
    inside_begin(dt_enter());
}

/* The caller is about to block, or to hand its thread on. */
void __tsan_check_no_mutexes_held(void)
{
    struct dt_task *t = dt_enter();
    if (t && t->nheld)
        dt_lock_misuse(t, t->held[t->nheld - 1].lock, "mutex", "lock-held-at-check",
            "mutex held where none may be", CALLER);
}

/* --- objects of libraries that are not instrumented: one byte stands for the object --- */

EXPORT void *__tsan_external_register_tag(const char *type);
EXPORT void __tsan_external_register_header(void *tag, const char *header);
EXPORT void __tsan_external_assign_tag(void *addr, void *tag);
EXPORT void __tsan_external_read(void *addr, void *pc, void *tag);
EXPORT void __tsan_external_write(void *addr, void *pc, void *tag);

void *__tsan_external_register_tag(const char *type)
{
    return (void *)type; /* any value that the caller can hand back */
}

void __tsan_external_register_header(void *tag, const char *header)
{
    (void)tag, (void)header;
}

void __tsan_external_assign_tag(void *addr, void *tag)
{
    (void)addr, (void)tag;
}

void __tsan_external_read(void *addr, void *pc, void *tag)
{
    struct dt_task *t = dt_enter();
    (void)tag;
    if (t)
        dt_access(t, (uintptr_t)addr, 1, DT_READ, pc ? (uintptr_t)pc : CALLER);
}

void __tsan_external_write(void *addr, void *pc, void *tag)
{
    struct dt_task *t = dt_enter();
    (void)tag;
    if (t)
        dt_access(t, (uintptr_t)addr, 1, DT_WRITE, pc ? (uintptr_t)pc : CALLER);
}

/* --- other --- */

EXPORT void __tsan_ignore_thread_begin(void);
EXPORT void __tsan_ignore_thread_end(void);
EXPORT void __tsan_flush_memory(void);
EXPORT void __tsan_on_thread_idle(void);

void __tsan_ignore_thread_begin(void)
{
    ignore_begin(dt_enter());
}

void __tsan_ignore_thread_end(void)
{
    ignore_end(dt_enter());
}

/* Memory is given back as it becomes free; there is nothing to flush. */
void __tsan_flush_memory(void)
{
}

void __tsan_on_thread_idle(void)
{
}

/* A barrier that the detector does not see: it forces an interleaving in tests. */
EXPORT void __tsan_testonly_barrier_init(uint64_t *barrier, uint32_t n);
EXPORT void __tsan_testonly_barrier_wait(uint64_t *barrier);
EXPORT unsigned long __tsan_testonly_shadow_stack_current_size(void);

void __tsan_testonly_barrier_init(uint64_t *barrier, uint32_t n)
{
    __atomic_store_n(barrier, (uint64_t)n << 32, __ATOMIC_SEQ_CST);
}

/* Low half: arrivals so far; the round is over when they reach the next multiple of n. */
void __tsan_testonly_barrier_wait(uint64_t *barrier)
{
    uint64_t before = __atomic_fetch_add(barrier, 1, __ATOMIC_SEQ_CST);
    uint32_t n = (uint32_t)(before >> 32), round = (uint32_t)before / n;
    DT_WAIT_BEGIN("test barrier", barrier, false);
    while ((uint32_t)__atomic_load_n(barrier, __ATOMIC_SEQ_CST) / n == round)
        sched_yield();
    DT_WAIT_END();
}

unsigned long __tsan_testonly_shadow_stack_current_size(void)
{
    struct dt_task *t = dt_enter();
    return t ? (unsigned long)(t->top - t->base) : 0;
}
