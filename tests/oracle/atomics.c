/* SPDX-License-Identifier: MIT
 *
 * Atomic operations of 8 to 128 bits with all orders, and fences, as compilers call them.
 */
#include "oracle.h"

typedef unsigned __int128 u128;

enum { LOAD, STORE, EXCHANGE, ADD, SUB, AND, OR, XOR, NAND, CAS_STRONG, CAS_WEAK, CAS_VAL, KINDS };

struct call {
    void *p;
    int kind, order, failure;
    bool succeeds;
};

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_signal_fence(int order);

#define RMW(T, bits, op) T __tsan_atomic##bits##_##op(volatile T *, T, int);
#define DEFINE(T, bits)                                                                            \
    T __tsan_atomic##bits##_load(const volatile T *, int);                                         \
    void __tsan_atomic##bits##_store(volatile T *, T, int);                                        \
    RMW(T, bits, exchange)                                                                         \
    RMW(T, bits, fetch_add)                                                                        \
    RMW(T, bits, fetch_sub)                                                                        \
    RMW(T, bits, fetch_and)                                                                        \
    RMW(T, bits, fetch_or)                                                                         \
    RMW(T, bits, fetch_xor)                                                                        \
    RMW(T, bits, fetch_nand)                                                                       \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile T *, T *, T, int, int);             \
    int __tsan_atomic##bits##_compare_exchange_weak(volatile T *, T *, T, int, int);               \
    T __tsan_atomic##bits##_compare_exchange_val(volatile T *, T, T, int, int);                    \
    static void call_##bits(const struct call *c)                                                  \
    {                                                                                              \
        T *p = c->p, old = *p, want = c->succeeds ? old : old + 1;                                 \
        switch (c->kind) {                                                                         \
        case LOAD:                                                                                 \
            if (__tsan_atomic##bits##_load(p, c->order) != old)                                    \
                fail("a load of another value");                                                   \
            break;                                                                                 \
        case STORE:                                                                                \
            __tsan_atomic##bits##_store(p, old + 3, c->order);                                     \
            break;                                                                                 \
        case EXCHANGE:                                                                             \
            __tsan_atomic##bits##_exchange(p, old + 5, c->order);                                  \
            break;                                                                                 \
        case ADD:                                                                                  \
            __tsan_atomic##bits##_fetch_add(p, 7, c->order);                                       \
            break;                                                                                 \
        case SUB:                                                                                  \
            __tsan_atomic##bits##_fetch_sub(p, 2, c->order);                                       \
            break;                                                                                 \
        case AND:                                                                                  \
            __tsan_atomic##bits##_fetch_and(p, 0x55, c->order);                                    \
            break;                                                                                 \
        case OR:                                                                                   \
            __tsan_atomic##bits##_fetch_or(p, 0x11, c->order);                                     \
            break;                                                                                 \
        case XOR:                                                                                  \
            __tsan_atomic##bits##_fetch_xor(p, 0x3, c->order);                                     \
            break;                                                                                 \
        case NAND:                                                                                 \
            __tsan_atomic##bits##_fetch_nand(p, 0x7, c->order);                                    \
            break;                                                                                 \
        case CAS_STRONG:                                                                           \
            if (__tsan_atomic##bits##_compare_exchange_strong(                                     \
                    p, &want, old + 9, c->order, c->failure) != c->succeeds)                       \
                fail("a compare_exchange_strong with the wrong result");                           \
            break;                                                                                 \
        case CAS_WEAK:                                                                             \
            if (__tsan_atomic##bits##_compare_exchange_weak(                                       \
                    p, &want, old + 9, c->order, c->failure) != c->succeeds)                       \
                fail("a compare_exchange_weak with the wrong result");                             \
            break;                                                                                 \
        default:                                                                                   \
            if (__tsan_atomic##bits##_compare_exchange_val(                                        \
                    p, want, old + 9, c->order, c->failure) != old)                                \
                fail("a compare_exchange_val with the wrong result");                              \
        }                                                                                          \
    }

DEFINE(uint8_t, 8)
DEFINE(uint16_t, 16)
DEFINE(uint32_t, 32)
DEFINE(uint64_t, 64)
DEFINE(u128, 128)

static const char *const names[KINDS] = {"load", "store", "exchange", "fetch_add", "fetch_sub",
    "fetch_and", "fetch_or", "fetch_xor", "fetch_nand", "compare_exchange_strong",
    "compare_exchange_weak", "compare_exchange_val"};
static const char *const orders[] = {
    "relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};
static void (*const calls[])(const struct call *) = {call_8, call_16, call_32, call_64, call_128};

static const int of_load[] = {
    __ATOMIC_RELAXED, __ATOMIC_CONSUME, __ATOMIC_ACQUIRE, __ATOMIC_SEQ_CST};
static const int of_store[] = {__ATOMIC_RELAXED, __ATOMIC_RELEASE, __ATOMIC_SEQ_CST};

/* Apart by more than the largest, so that nothing of one lies in another; the third lies beside a
 * border of shadow chunks. */
static unsigned offset_of(int cell)
{
    return 16u * (unsigned)cell + 96;
}

void do_atomic(int t, const struct step *s)
{
    int cell = (int)(s->b % CELLS), bits = (int)(s->a >> 8) % 5;
    struct call c = {.p = region + offset_of(cell), .kind = (int)(s->a % (KINDS + 4))};
    if (c.kind >= KINDS)
        c.kind = c.kind % 2; /* loads and stores are most of what programs do */
    c.order = c.kind == LOAD    ? of_load[s->c % 4]
              : c.kind == STORE ? of_store[s->c % 3]
                                : (int)(s->c % 6);
    c.failure = of_load[(s->c >> 8) % 4];
    c.succeeds = (s->c >> 16) % 3 != 0;
    bool is_read = c.kind == LOAD || (c.kind >= CAS_STRONG && !c.succeeds);
    int order = c.kind >= CAS_STRONG && !c.succeeds ? c.failure : c.order;
    if (c.kind == STORE && now->is_strict && !hb_store_is_exact(t, cell, order))
        return;
    tell(t, "atomic%d %s of cell %d (+%u), %s%s%s", 8 << bits, names[c.kind], cell, offset_of(cell),
        orders[c.order], is_read && c.kind != LOAD ? ", fails, " : "",
        is_read && c.kind != LOAD ? orders[c.failure] : "");
    if (c.kind != STORE)
        hb_atomic_seen(t, cell, order);
    struct access a = access_of(t, offset_of(cell), 1u << bits, !is_read, true);
    access_begin(&a);
    calls[bits](&c);
    access_end(&a);
    if (c.kind == STORE)
        hb_atomic_stored(t, cell, order);
    else if (!is_read)
        hb_atomic_updated(t, cell, order);
}

void do_fence(int t, const struct step *s)
{
    int order = (int)(s->a % 6);
    if (s->b % 16 == 0) {
        tell(t, "atomic_signal_fence, %s", orders[order]);
        __tsan_atomic_signal_fence(order);
        return;
    }
    tell(t, "atomic_thread_fence, %s", orders[order]);
    __tsan_atomic_thread_fence(order);
    hb_fence(t, order);
}
