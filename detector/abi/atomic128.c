/* SPDX-License-Identifier: MIT
 *
 * __tsan_atomic128_*: everything is a loop of cmpxchg16b (a load too: it writes the value that it
 * found, as libatomic does on machines without a 16-byte atomic load).
 */
#include "abi/atomic.h"
#include "abi/exported.h"
#include "abi/atomic128.h"

#define INLINE static inline __attribute__((always_inline))

INLINE dt_u128 real_load_128(const volatile dt_u128 *a)
{
    return dt_load_128(a);
}

INLINE dt_u128 real_cas_128(volatile dt_u128 *a, dt_u128 expected, dt_u128 v)
{
    return dt_cas_128(a, expected, v);
}

#define DEFINE_LOOP(op, value)                                                                     \
    INLINE dt_u128 real_##op##_128(volatile dt_u128 *a, dt_u128 v)                                 \
    {                                                                                              \
        dt_u128 old = dt_load_128(a);                                                              \
        for (;;) {                                                                                 \
            dt_u128 seen = dt_cas_128(a, old, (value));                                            \
            if (seen == old)                                                                       \
                return old;                                                                        \
            old = seen;                                                                            \
        }                                                                                          \
    }

DEFINE_LOOP(exchange, v)
DEFINE_LOOP(fetch_add, old + v)
DEFINE_LOOP(fetch_sub, old - v)
DEFINE_LOOP(fetch_and, old &v)
DEFINE_LOOP(fetch_or, old | v)
DEFINE_LOOP(fetch_xor, old ^ v)
DEFINE_LOOP(fetch_nand, ~(old &v))

INLINE void real_store_128(volatile dt_u128 *a, dt_u128 v, int order)
{
    (void)order;
    real_exchange_128(a, v);
}

#include "abi/atomic_ops.h"

DEFINE_ABI(dt_u128, 128)
