/* SPDX-License-Identifier: MIT
 *
 * libatomic's entry points for sizes that compilers do not instrument: __atomic_load and its kin
 * with a size, and the 16-byte forms. The 16-byte ones are the same operations as
 * __tsan_atomic128_*. For the others libatomic's own lock makes the operation atomic, and the
 * detector's object, held over it, makes the clocks fit.
 */
#include <stddef.h>
#include <string.h>

#include "abi/atomic.h"
#include "abi/atomic128.h"
#include "base/lock.h"
#include "base/reals.h"
#include "interpose/interpose.h"

/* --- 16 bytes --- */

dt_u128 __tsan_atomic128_load(const volatile dt_u128 *a, int order);
void __tsan_atomic128_store(volatile dt_u128 *a, dt_u128 v, int order);
int __tsan_atomic128_compare_exchange_strong(
    volatile dt_u128 *a, dt_u128 *expected, dt_u128 v, int order, int failure);

DT_INTERPOSE(dt_u128, __atomic_load_16, (const volatile void *a, int order))
{
    return __tsan_atomic128_load(a, order);
}

DT_INTERPOSE(void, __atomic_store_16, (volatile void *a, dt_u128 v, int order))
{
    __tsan_atomic128_store(a, v, order);
}

DT_INTERPOSE(bool, __atomic_compare_exchange_16,
    (volatile void *a, void *expected, dt_u128 v, int order, int failure))
{
    return __tsan_atomic128_compare_exchange_strong(a, expected, v, order, failure);
}

#define FORWARD(op)                                                                                \
    dt_u128 __tsan_atomic128_##op(volatile dt_u128 *a, dt_u128 v, int order);                      \
    DT_INTERPOSE(dt_u128, __atomic_##op##_16, (volatile void *a, dt_u128 v, int order))            \
    {                                                                                              \
        return __tsan_atomic128_##op(a, v, order);                                                 \
    }

FORWARD(exchange)
FORWARD(fetch_add)
FORWARD(fetch_sub)
FORWARD(fetch_and)
FORWARD(fetch_or)
FORWARD(fetch_xor)
FORWARD(fetch_nand)

/* --- any size --- */

/* Where libatomic is not loaded, nobody else makes the operation atomic. */
static dt_lock locks[64];

static dt_lock *lock_of(const volatile void *a)
{
    return &locks[((uintptr_t)a >> 4) % (sizeof locks / sizeof *locks)];
}

DT_INTERPOSE(void, __atomic_load, (size_t size, const volatile void *a, void *ret, int order))
{
    __typeof__(&dt_interpose___atomic_load) real = DT_REAL_OPTIONAL(__atomic_load);
    struct dt_task *t = dt_enter();
    struct dt_sync *s = t ? dt_atomic_begin(t, a, true) : NULL;
    dt_lock *l = lock_of(a);
    if (real) {
        real(size, a, ret, order);
    } else {
        dt_lock_take(l);
        memcpy(ret, (const void *)a, size);
        dt_lock_drop(l);
    }
    if (!s)
        return;
    dt_atomic_seen(t, s, dt_order(order));
    dt_atomic_end(t, s);
    dt_atomic_access(t, a, size, DT_READ, DT_CALLER);
    dt_access(t, (uintptr_t)ret, size, DT_WRITE, DT_CALLER);
}

DT_INTERPOSE(void, __atomic_store, (size_t size, volatile void *a, void *v, int order))
{
    __typeof__(&dt_interpose___atomic_store) real = DT_REAL_OPTIONAL(__atomic_store);
    struct dt_task *t = dt_enter();
    struct dt_sync *s = NULL;
    dt_lock *l = lock_of(a);
    if (t) {
        dt_access(t, (uintptr_t)v, size, DT_READ, DT_CALLER);
        dt_atomic_access(t, a, size, DT_WRITE, DT_CALLER);
        s = dt_atomic_begin(t, a, true);
    }
    if (real) {
        real(size, a, v, order);
    } else {
        dt_lock_take(l);
        memcpy((void *)a, v, size);
        dt_lock_drop(l);
    }
    if (!s)
        return;
    dt_atomic_stored(t, s, dt_order(order));
    dt_atomic_end(t, s);
}

DT_INTERPOSE(
    void, __atomic_exchange, (size_t size, volatile void *a, void *v, void *ret, int order))
{
    __typeof__(&dt_interpose___atomic_exchange) real = DT_REAL_OPTIONAL(__atomic_exchange);
    struct dt_task *t = dt_enter();
    struct dt_sync *s = NULL;
    dt_lock *l = lock_of(a);
    if (t) {
        dt_access(t, (uintptr_t)v, size, DT_READ, DT_CALLER);
        s = dt_atomic_begin(t, a, true);
    }
    if (real) {
        real(size, a, v, ret, order);
    } else {
        dt_lock_take(l);
        memcpy(ret, (void *)a, size);
        memcpy((void *)a, v, size);
        dt_lock_drop(l);
    }
    if (!s)
        return;
    dt_atomic_seen(t, s, dt_order(order));
    dt_atomic_access(t, a, size, DT_WRITE, DT_CALLER);
    dt_atomic_released(t, s, dt_order(order));
    dt_atomic_end(t, s);
    dt_access(t, (uintptr_t)ret, size, DT_WRITE, DT_CALLER);
}

static bool exchange_if_same(size_t size, volatile void *a, void *expected, const void *v)
{
    dt_lock *l = lock_of(a);
    dt_lock_take(l);
    bool same = memcmp((void *)a, expected, size) == 0;
    if (same)
        memcpy((void *)a, v, size);
    else
        memcpy(expected, (void *)a, size);
    dt_lock_drop(l);
    return same;
}

DT_INTERPOSE(bool, __atomic_compare_exchange,
    (size_t size, volatile void *a, void *expected, void *v, int order, int failure))
{
    __typeof__(&dt_interpose___atomic_compare_exchange) real =
        DT_REAL_OPTIONAL(__atomic_compare_exchange);
    struct dt_task *t = dt_enter();
    struct dt_sync *s = NULL;
    if (t) {
        dt_access(t, (uintptr_t)v, size, DT_READ, DT_CALLER);
        dt_access(t, (uintptr_t)expected, size, DT_READ, DT_CALLER);
        s = dt_atomic_begin(t, a, true);
    }
    bool done =
        real ? real(size, a, expected, v, order, failure) : exchange_if_same(size, a, expected, v);
    if (!s)
        return done;
    dt_atomic_seen(t, s, dt_order(done ? order : failure));
    dt_atomic_access(t, a, size, done ? DT_WRITE : DT_READ, DT_CALLER);
    if (done)
        dt_atomic_released(t, s, dt_order(order));
    dt_atomic_end(t, s);
    if (!done)
        dt_access(t, (uintptr_t)expected, size, DT_WRITE, DT_CALLER);
    return done;
}
