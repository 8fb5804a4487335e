/* SPDX-License-Identifier: MIT
 *
 * The public calls of the compilers' sanitizer/tsan_interface.h: happens-before, the program's own
 * mutexes, and the calls of the upstream test programs.
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
    LINKER_INIT = 1 << 0, /* static, never really destroyed */
    WRITE_REENTRANT = 1 << 1,
    READ_LOCK = 1 << 3,
    TRY_LOCK = 1 << 4,
    TRY_LOCK_FAILED = 1 << 5,
    RECURSIVE_LOCK = 1 << 6,
    RECURSIVE_UNLOCK = 1 << 7,
    NOT_STATIC = 1 << 8,
    /* What is kept of the first three in dt_sync.flags. */
    KEPT = LINKER_INIT | WRITE_REENTRANT | NOT_STATIC,
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

/* What a mutex is, and who holds it. */
struct state {
    unsigned flags;
    bool held, shared, mine;
};

static struct state state_of(const struct dt_task *t, const void *m, unsigned flags)
{
    struct state st = {.flags = 0};
    struct dt_sync *s = dt_sync_lock(m, true);
    if (!s)
        return st;
    s->flags |= flags & KEPT;
    st.flags = s->flags & KEPT;
    st.held = s->recursion > 0;
    st.shared = s->flags & DT_LOCK_SHARED;
    st.mine = st.held && !st.shared && s->owner_uid == t->info->uid;
    dt_sync_unlock(s);
    return st;
}

void __tsan_mutex_create(void *m, unsigned flags)
{
    struct dt_task *t = dt_enter();
    if (!t)
        return;
    dt_lock_created(t, m, CALLER);
    state_of(t, m, flags);
}

/* Static mutexes may have destructors that do nothing. */
void __tsan_mutex_destroy(void *m, unsigned flags)
{
    struct dt_task *t = dt_enter();
    if (!t)
        return;
    struct state st = state_of(t, m, 0);
    if ((flags | st.flags) & LINKER_INIT || ((flags & NOT_STATIC) && !(st.flags & NOT_STATIC)))
        return;
    if (st.held)
        dt_lock_misuse(t, m, "mutex", "destroy-locked", "destroy of locked mutex", CALLER);
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
    struct state st = state_of(t, m, flags);
    if (st.mine && !(flags & READ_LOCK) && !(st.flags & WRITE_REENTRANT))
        dt_lock_misuse(t, m, "mutex", "double-lock", "double lock of mutex", CALLER);
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

static void check_unlock(
    struct dt_task *t, const void *m, struct state st, bool shared, uintptr_t pc)
{
    if (shared && !(st.held && st.shared))
        dt_lock_misuse(t, m, "mutex", "runlock-of-unlocked",
            "read unlock of mutex not locked for reading", pc);
    else if (!shared && !st.held)
        dt_lock_misuse(t, m, "mutex", "unlock-of-unlocked", "unlock of unlocked mutex", pc);
    else if (!shared && !st.mine)
        dt_lock_misuse(
            t, m, "mutex", "unlock-by-other", "unlock of mutex locked by another thread", pc);
}

int __tsan_mutex_pre_unlock(void *m, unsigned flags)
{
    struct dt_task *t = dt_enter();
    if (!t)
        return 1;
    check_unlock(t, m, state_of(t, m, 0), flags & READ_LOCK, CALLER);
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
