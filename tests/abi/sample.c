/* SPDX-License-Identifier: MIT
 *
 * Every kind of access and atomic operation that compilers instrument, for scripts/check-abi.sh.
 * It is compiled, never run.
 */
#include <stdint.h>
#include <string.h>

typedef unsigned __int128 u128;
typedef int vector4 __attribute__((vector_size(16)));
typedef int vector8 __attribute__((vector_size(32)));

struct packed {
    char c;
    short s;
    int i;
    long l;
    u128 w;
} __attribute__((packed));

struct large {
    char bytes[300];
};

#define ACCESS(T, name)                                                                            \
    void name##_write(T *p, T v)                                                                   \
    {                                                                                              \
        *p = v;                                                                                    \
    }                                                                                              \
    T name##_read(T *p)                                                                            \
    {                                                                                              \
        return *p;                                                                                 \
    }                                                                                              \
    T name##_volatile(volatile T *p, T v)                                                          \
    {                                                                                              \
        *p = v;                                                                                    \
        return *p;                                                                                 \
    }                                                                                              \
    void name##_compound(T *p, T v)                                                                \
    {                                                                                              \
        *p += v;                                                                                   \
    }

ACCESS(int8_t, i8)
ACCESS(int16_t, i16)
ACCESS(int32_t, i32)
ACCESS(int64_t, i64)
ACCESS(u128, u128)
ACCESS(float, f32)
ACCESS(double, f64)
ACCESS(long double, f80)
ACCESS(vector4, v4)

void vector8_copy(vector8 *a, vector8 *b)
{
    *a = *b;
}

long packed(struct packed *p, volatile struct packed *q)
{
    p->s += 1;
    p->i += 1;
    p->l += 1;
    p->w += 1;
    q->s = 1;
    q->i = 2;
    q->l = 3;
    return p->s + p->i + p->l + (long)p->w + q->s + q->i + q->l;
}

void copy(struct large *a, struct large *b, size_t n)
{
    *a = *b;
    memcpy(a, b, n);
    memmove(a, b, n);
    memset(a, 0, n);
    memset(b, 0, sizeof *b);
}

#define ATOMIC(T, name)                                                                            \
    T name##_atomic(T *p, T v)                                                                     \
    {                                                                                              \
        T expected = v;                                                                            \
        __atomic_store_n(p, v, __ATOMIC_RELEASE);                                                  \
        v += __atomic_load_n(p, __ATOMIC_ACQUIRE);                                                 \
        v += __atomic_exchange_n(p, v, __ATOMIC_ACQ_REL);                                          \
        v += __atomic_fetch_add(p, v, __ATOMIC_RELAXED);                                           \
        v += __atomic_fetch_sub(p, v, __ATOMIC_SEQ_CST);                                           \
        v += __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST);                                           \
        v += __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST);                                            \
        v += __atomic_fetch_xor(p, v, __ATOMIC_SEQ_CST);                                           \
        v += __atomic_fetch_nand(p, v, __ATOMIC_SEQ_CST);                                          \
        v += __atomic_add_fetch(p, v, __ATOMIC_SEQ_CST);                                           \
        v += __atomic_compare_exchange_n(p, &expected, v, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);  \
        v += __atomic_compare_exchange_n(p, &expected, v, 1, __ATOMIC_RELEASE, __ATOMIC_RELAXED);  \
        v += __sync_fetch_and_add(p, v);                                                           \
        v += __sync_val_compare_and_swap(p, expected, v);                                          \
        v += __sync_bool_compare_and_swap(p, expected, v);                                         \
        v += __sync_lock_test_and_set(p, v);                                                       \
        __sync_lock_release(p);                                                                    \
        return v;                                                                                  \
    }

ATOMIC(uint8_t, a8)
ATOMIC(uint16_t, a16)
ATOMIC(uint32_t, a32)
ATOMIC(uint64_t, a64)
#ifdef __GCC_HAVE_SYNC_COMPARE_AND_SWAP_16
ATOMIC(u128, a128)
#else
u128 a128_generic(u128 *p, u128 v)
{
    __atomic_store_n(p, v, __ATOMIC_RELEASE);
    return __atomic_load_n(p, __ATOMIC_ACQUIRE) + __atomic_exchange_n(p, v, __ATOMIC_ACQ_REL);
}
#endif

int generic(struct large *a, struct large *b, struct large *c)
{
    __atomic_store(a, b, __ATOMIC_RELEASE);
    __atomic_load(a, b, __ATOMIC_ACQUIRE);
    __atomic_exchange(a, b, c, __ATOMIC_ACQ_REL);
    return __atomic_compare_exchange(a, b, c, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

void fences(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __sync_synchronize();
}
