/* SPDX-License-Identifier: MIT
 *
 * 16-byte compare and exchange. The __sync builtin is inline under -mcx16; the __atomic builtins of
 * this size are calls of libatomic, which the race library does not link.
 */
#ifndef DT_ATOMIC128_H
#define DT_ATOMIC128_H

typedef unsigned __int128 dt_u128;

static inline dt_u128 dt_cas_128(volatile dt_u128 *a, dt_u128 expected, dt_u128 v)
{
    return __sync_val_compare_and_swap(a, expected, v);
}

static inline dt_u128 dt_load_128(const volatile dt_u128 *a)
{
    return dt_cas_128((volatile dt_u128 *)a, 0, 0);
}

#endif
