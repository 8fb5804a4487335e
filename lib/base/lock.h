/* SPDX-License-Identifier: MIT
 *
 * The library's internal lock: a word that is held for a few dozen instructions. It blocks the OS
 * thread (spinning, then yielding, then sleeping), never parks a goroutine, and is never held while
 * code of the program runs. Zero is unlocked. It may be released by another goroutine than the one
 * that took it: a parking goroutine's lock is released by whoever runs next ("unlock after park").
 *
 * Order: docs/HACKING.md, "Locks".
 */
#ifndef GORC_LIB_BASE_LOCK_H
#define GORC_LIB_BASE_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct gorc__lock {
    _Atomic uint32_t word;
};

void gorc__lock_slow(struct gorc__lock *l);

static inline bool gorc__try_lock(struct gorc__lock *l)
{
    uint32_t free = 0;
    return atomic_compare_exchange_strong_explicit(
        &l->word, &free, 1, memory_order_acquire, memory_order_relaxed);
}

static inline void gorc__lock(struct gorc__lock *l)
{
    if (__builtin_expect(!gorc__try_lock(l), 0))
        gorc__lock_slow(l);
}

static inline void gorc__unlock(struct gorc__lock *l)
{
    atomic_store_explicit(&l->word, 0, memory_order_release);
}

static inline void gorc__cpu_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

#endif
