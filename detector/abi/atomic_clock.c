/* SPDX-License-Identifier: MIT
 *
 * The clocks' part of atomic operations, and the fences.
 */
#include "abi/atomic.h"
#include "abi/exported.h"
#include "core/core.h"
#include "core/granule.h"

struct dt_sync *dt_atomic_begin_slow(struct dt_task *t, const volatile void *a, bool create)
{
    dt_core_enter();
    struct dt_sync *s = dt_sync_lock((const void *)a, create);
    if (!s)
        dt_core_leave(t);
    return s;
}

void dt_atomic_end(struct dt_task *t, struct dt_sync *s)
{
    dt_sync_unlock(s);
    dt_core_leave(t);
    dt_race_deliver(t); /* of an access in between */
}

void dt_atomic_seen(struct dt_task *t, struct dt_sync *s, int order)
{
    if (dt_order_acquires(order))
        dt_sync_acquire(t, s);
    else
        dt_sync_acquire_relaxed(t, s);
}

void dt_atomic_stored(struct dt_task *t, struct dt_sync *s, int order)
{
    if (dt_order_releases(order))
        dt_sync_release_store(t, s);
    else
        dt_sync_release_relaxed(t, s, true);
}

void dt_atomic_released(struct dt_task *t, struct dt_sync *s, int order)
{
    if (dt_order_releases(order))
        dt_sync_update(t, s, dt_order_acquires(order));
    else
        dt_sync_release_relaxed(t, s, false);
}

void dt_atomic_seen_late_slow(struct dt_task *t, const volatile void *a, int order)
{
    struct dt_sync *s = dt_atomic_begin(t, a, false);
    if (!s)
        return;
    dt_atomic_seen(t, s, order);
    dt_atomic_end(t, s);
}

void dt_atomic_seen_after_bare(const volatile void *a, int order, uintptr_t pc)
{
    struct dt_task *t = dt_enter_at(pc);
    if (t)
        dt_atomic_seen_late_slow(t, a, dt_order(order));
}

EXPORT void __tsan_atomic_thread_fence(int order);
EXPORT void __tsan_atomic_signal_fence(int order);

void __tsan_atomic_thread_fence(int order)
{
    int o = dt_order(order);
    struct dt_task *t = dt_enter();
    /* All is the task's own. What the fence acquires is part of what it releases. */
    if (t && dt_order_acquires(o))
        dt_fence_acquire(t);
    if (t && dt_order_releases(o))
        dt_fence_release(t);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void __tsan_atomic_signal_fence(int order)
{
    (void)order;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
