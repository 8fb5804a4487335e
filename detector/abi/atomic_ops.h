/* SPDX-License-Identifier: MIT
 *
 * The ABI's functions of one size, over real_*_BITS functions that the includer defines before it
 * uses DEFINE_ABI. A macro because the ABI has one set of names per size; the bodies are kept
 * short, what they share is in atomic.h.
 */
#ifndef DT_ATOMIC_OPS_H
#define DT_ATOMIC_OPS_H

#include "abi/atomic.h"

/* Each has a way out for operations that are nothing but themselves, without a frame. */

#define OUTLINE static __attribute__((noinline))

#define DEFINE_LOAD(T, bits)                                                                       \
    EXPORT T __tsan_atomic##bits##_load(const volatile T *a, int order);                           \
    INLINE T load_##bits(struct dt_task *t, const volatile T *a, int order, uintptr_t pc)          \
    {                                                                                              \
        T v = real_load_##bits(a);                                                                 \
        struct dt_sync *s = dt_atomic_begin(t, a, false);                                          \
        if (s) {                                                                                   \
            v = real_load_##bits(a);                                                               \
            dt_atomic_seen(t, s, order);                                                           \
            dt_atomic_end(t, s);                                                                   \
        }                                                                                          \
        dt_atomic_access(t, a, sizeof *a, DT_READ, pc);                                            \
        return v;                                                                                  \
    }                                                                                              \
    OUTLINE T whole_load_##bits(const volatile T *a, int order, uintptr_t pc)                      \
    {                                                                                              \
        struct dt_task *t = dt_enter_at(pc);                                                       \
        return t ? load_##bits(t, a, dt_order(order), pc) : real_load_##bits(a);                   \
    }                                                                                              \
    T __tsan_atomic##bits##_load(const volatile T *a, int order)                                   \
    {                                                                                              \
        T v = real_load_##bits(a);                                                                 \
        return dt_atomic_is_bare(dt_self, a, sizeof *a, 0) ? v                                     \
                                                           : whole_load_##bits(a, order, CALLER);  \
    }

#define DEFINE_STORE(T, bits)                                                                      \
    EXPORT void __tsan_atomic##bits##_store(volatile T *a, T v, int order);                        \
    INLINE void store_##bits(struct dt_task *t, volatile T *a, T v, int order, uintptr_t pc)       \
    {                                                                                              \
        dt_atomic_access(t, a, sizeof *a, DT_WRITE, pc);                                           \
        struct dt_sync *s = dt_atomic_begin(t, a, dt_atomic_publishes(t, order));                  \
        real_store_##bits(a, v, order);                                                            \
        if (s) {                                                                                   \
            dt_atomic_stored(t, s, order);                                                         \
            dt_atomic_end(t, s);                                                                   \
        }                                                                                          \
    }                                                                                              \
    OUTLINE void whole_store_##bits(volatile T *a, T v, int order, uintptr_t pc)                   \
    {                                                                                              \
        struct dt_task *t = dt_enter_at(pc);                                                       \
        if (t)                                                                                     \
            store_##bits(t, a, v, dt_order(order), pc);                                            \
        else                                                                                       \
            real_store_##bits(a, v, dt_order(order));                                              \
    }                                                                                              \
    void __tsan_atomic##bits##_store(volatile T *a, T v, int order)                                \
    {                                                                                              \
        if (dt_atomic_write_is_bare(a, sizeof *a, order))                                          \
            real_store_##bits(a, v, dt_order(order));                                              \
        else                                                                                       \
            whole_store_##bits(a, v, order, CALLER);                                               \
    }

#define DEFINE_RMW(T, bits, op)                                                                    \
    EXPORT T __tsan_atomic##bits##_##op(volatile T *a, T v, int order);                            \
    INLINE T op##_##bits(struct dt_task *t, volatile T *a, T v, int order, uintptr_t pc)           \
    {                                                                                              \
        struct dt_sync *s = dt_atomic_begin(t, a, dt_atomic_publishes(t, order));                  \
        T old = real_##op##_##bits(a, v);                                                          \
        dt_atomic_seen_by_rmw(t, s, a, order);                                                     \
        dt_atomic_access(t, a, sizeof *a, DT_WRITE, pc);                                           \
        if (s) {                                                                                   \
            dt_atomic_released(t, s, order);                                                       \
            dt_atomic_end(t, s);                                                                   \
        }                                                                                          \
        return old;                                                                                \
    }                                                                                              \
    OUTLINE T whole_##op##_##bits(volatile T *a, T v, int order, uintptr_t pc)                     \
    {                                                                                              \
        struct dt_task *t = dt_enter_at(pc);                                                       \
        return t ? op##_##bits(t, a, v, dt_order(order), pc) : real_##op##_##bits(a, v);           \
    }                                                                                              \
    T __tsan_atomic##bits##_##op(volatile T *a, T v, int order)                                    \
    {                                                                                              \
        if (!dt_atomic_write_is_bare(a, sizeof *a, order))                                         \
            return whole_##op##_##bits(a, v, order, CALLER);                                       \
        T old = real_##op##_##bits(a, v);                                                          \
        if (__builtin_expect(dt_atomic_may_have_object(a), 0))                                     \
            dt_atomic_seen_after_bare(a, order, CALLER);                                           \
        return old;                                                                                \
    }

/* A CAS that fails is a load of the failure order, and recorded as a read. One that is seen to fail
 * beforehand need not be tried. Returns the old value. */
#define DEFINE_CAS(T, bits)                                                                        \
    EXPORT int __tsan_atomic##bits##_compare_exchange_strong(                                      \
        volatile T *a, T *expected, T v, int order, int failure);                                  \
    EXPORT int __tsan_atomic##bits##_compare_exchange_weak(                                        \
        volatile T *a, T *expected, T v, int order, int failure);                                  \
    EXPORT T __tsan_atomic##bits##_compare_exchange_val(                                           \
        volatile T *a, T expected, T v, int order, int failure);                                   \
    static T cas_##bits(                                                                           \
        struct dt_task *t, volatile T *a, T expected, T v, int order, int failure, uintptr_t pc)   \
    {                                                                                              \
        if (real_load_##bits(a) != expected) {                                                     \
            T old = load_##bits(t, a, failure, pc);                                                \
            if (old != expected)                                                                   \
                return old;                                                                        \
        }                                                                                          \
        struct dt_sync *s = dt_atomic_begin(t, a, dt_atomic_publishes(t, order));                  \
        T old = real_cas_##bits(a, expected, v);                                                   \
        bool done = old == expected;                                                               \
        dt_atomic_seen_by_rmw(t, s, a, done ? order : failure);                                    \
        dt_atomic_access(t, a, sizeof *a, done ? DT_WRITE : DT_READ, pc);                          \
        if (s) {                                                                                   \
            if (done)                                                                              \
                dt_atomic_released(t, s, order);                                                   \
            dt_atomic_end(t, s);                                                                   \
        }                                                                                          \
        return old;                                                                                \
    }                                                                                              \
    T __tsan_atomic##bits##_compare_exchange_val(                                                  \
        volatile T *a, T expected, T v, int order, int failure)                                    \
    {                                                                                              \
        struct dt_task *t = dt_enter();                                                            \
        if (!t)                                                                                    \
            return real_cas_##bits(a, expected, v);                                                \
        return cas_##bits(t, a, expected, v, dt_order(order), dt_order(failure), CALLER);          \
    }                                                                                              \
    INLINE int cas_bool_##bits(                                                                    \
        volatile T *a, T *expected, T v, int order, int failure, uintptr_t pc)                     \
    {                                                                                              \
        struct dt_task *t = dt_enter();                                                            \
        T want = *expected;                                                                        \
        T old = t ? cas_##bits(t, a, want, v, dt_order(order), dt_order(failure), pc)              \
                  : real_cas_##bits(a, want, v);                                                   \
        if (old != want)                                                                           \
            *expected = old;                                                                       \
        return old == want;                                                                        \
    }                                                                                              \
    int __tsan_atomic##bits##_compare_exchange_strong(                                             \
        volatile T *a, T *expected, T v, int order, int failure)                                   \
    {                                                                                              \
        return cas_bool_##bits(a, expected, v, order, failure, CALLER);                            \
    }                                                                                              \
    int __tsan_atomic##bits##_compare_exchange_weak(                                               \
        volatile T *a, T *expected, T v, int order, int failure)                                   \
    {                                                                                              \
        return cas_bool_##bits(a, expected, v, order, failure, CALLER);                            \
    }

#define DEFINE_ABI(T, bits)                                                                        \
    DEFINE_LOAD(T, bits)                                                                           \
    DEFINE_STORE(T, bits)                                                                          \
    DEFINE_RMW(T, bits, exchange)                                                                  \
    DEFINE_RMW(T, bits, fetch_add)                                                                 \
    DEFINE_RMW(T, bits, fetch_sub)                                                                 \
    DEFINE_RMW(T, bits, fetch_and)                                                                 \
    DEFINE_RMW(T, bits, fetch_or)                                                                  \
    DEFINE_RMW(T, bits, fetch_xor)                                                                 \
    DEFINE_RMW(T, bits, fetch_nand)                                                                \
    DEFINE_CAS(T, bits)

#endif
