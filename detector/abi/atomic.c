/* SPDX-License-Identifier: MIT
 *
 * __tsan_atomic{8,16,32,64}_*: the C11 atomic operations as compilers call them. Each makes the
 * access known (atomic accesses do not race with each other, only with plain ones), makes the real
 * operation, and moves clocks as its order asks.
 *
 * An operation is checked after it has acquired, and recorded before it releases: whoever acquires
 * from it may free the memory. Between the two the object is locked.
 */
#include "abi/atomic.h"
#include "abi/exported.h"

#define INLINE static inline __attribute__((always_inline))

/* --- the real operations, at least as strong as asked for --- */

#define DEFINE_REAL(T, bits)                                                                       \
    INLINE T real_load_##bits(const volatile T *a)                                                 \
    {                                                                                              \
        return __atomic_load_n(a, __ATOMIC_SEQ_CST);                                               \
    }                                                                                              \
    INLINE void real_store_##bits(volatile T *a, T v, int order)                                   \
    {                                                                                              \
        if (order == __ATOMIC_SEQ_CST)                                                             \
            __atomic_store_n(a, v, __ATOMIC_SEQ_CST);                                              \
        else                                                                                       \
            __atomic_store_n(a, v, __ATOMIC_RELEASE);                                              \
    }                                                                                              \
    INLINE T real_exchange_##bits(volatile T *a, T v)                                              \
    {                                                                                              \
        return __atomic_exchange_n(a, v, __ATOMIC_SEQ_CST);                                        \
    }                                                                                              \
    INLINE T real_fetch_add_##bits(volatile T *a, T v)                                             \
    {                                                                                              \
        return __atomic_fetch_add(a, v, __ATOMIC_SEQ_CST);                                         \
    }                                                                                              \
    INLINE T real_fetch_sub_##bits(volatile T *a, T v)                                             \
    {                                                                                              \
        return __atomic_fetch_sub(a, v, __ATOMIC_SEQ_CST);                                         \
    }                                                                                              \
    INLINE T real_fetch_and_##bits(volatile T *a, T v)                                             \
    {                                                                                              \
        return __atomic_fetch_and(a, v, __ATOMIC_SEQ_CST);                                         \
    }                                                                                              \
    INLINE T real_fetch_or_##bits(volatile T *a, T v)                                              \
    {                                                                                              \
        return __atomic_fetch_or(a, v, __ATOMIC_SEQ_CST);                                          \
    }                                                                                              \
    INLINE T real_fetch_xor_##bits(volatile T *a, T v)                                             \
    {                                                                                              \
        return __atomic_fetch_xor(a, v, __ATOMIC_SEQ_CST);                                         \
    }                                                                                              \
    INLINE T real_fetch_nand_##bits(volatile T *a, T v)                                            \
    {                                                                                              \
        return __atomic_fetch_nand(a, v, __ATOMIC_SEQ_CST);                                        \
    }                                                                                              \
    INLINE T real_cas_##bits(volatile T *a, T expected, T v)                                       \
    {                                                                                              \
        __atomic_compare_exchange_n(a, &expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);   \
        return expected;                                                                           \
    }

#include "abi/atomic_ops.h"

DEFINE_REAL(uint8_t, 8)
DEFINE_REAL(uint16_t, 16)
DEFINE_REAL(uint32_t, 32)
DEFINE_REAL(uint64_t, 64)

DEFINE_ABI(uint8_t, 8)
DEFINE_ABI(uint16_t, 16)
DEFINE_ABI(uint32_t, 32)
DEFINE_ABI(uint64_t, 64)
