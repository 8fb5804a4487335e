/* SPDX-License-Identifier: MIT
 *
 * The state of a lock and the internal lock of its wait queue, in one word.
 *
 * The fast paths change `state` alone, 32 bits wide. The slow paths hold `lock`, and an operation
 * that gives the object away (an unlock) ends with one 64-bit step that changes the state *and*
 * drops the internal lock: after it the object may be gone, because whoever sees the new state may
 * free it (L1). Unlocking the queue by a second step would touch freed memory.
 *
 * Both halves are accessed in two sizes. That is outside the C11 model, and defined by the
 * architectures: each access is single-copy atomic and they are coherent byte by byte.
 */
#ifndef GORC_LIB_SYNC_LOCKWORD_H
#define GORC_LIB_SYNC_LOCKWORD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"

_Static_assert(
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the state is the upper half of the word");

struct gorc__lockword {
    union {
        _Atomic uint64_t both;
        struct {
            struct gorc__lock lock;
            _Atomic uint32_t state;
        };
    };
};

_Static_assert(sizeof(struct gorc__lockword) == 8, "two halves");

/* Changes the state from *state to `to` and drops the internal lock, which the caller holds: its
 * last access to the object. False, with the state that was found, when *state is out of date. */
static inline bool gorc__lockword_leave(struct gorc__lockword *w, uint32_t *state, uint32_t to)
{
    uint64_t old = atomic_load_explicit(&w->both, memory_order_relaxed);
    if ((uint32_t)(old >> 32) == *state &&
        atomic_compare_exchange_strong_explicit(
            &w->both, &old, (uint64_t)to << 32, memory_order_acq_rel, memory_order_relaxed))
        return true;
    *state = (uint32_t)(old >> 32);
    return false;
}

/* A step of the state alone. False, with the state that was found, when *state is out of date. */
static inline bool gorc__state_cas(
    _Atomic uint32_t *state, uint32_t *from, uint32_t to, memory_order order)
{
    return atomic_compare_exchange_strong_explicit(state, from, to, order, memory_order_relaxed);
}

#endif
