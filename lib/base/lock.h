/* SPDX-License-Identifier: MIT
 *
 * The library's internal lock: a word that is held for a few dozen instructions. It blocks the OS
 * thread (spinning, then yielding, then sleeping), never parks a goroutine, and is never held while
 * code of the program runs. Zero is unlocked. It may be released by another goroutine than the one
 * that took it: a parking goroutine's lock is released by whoever runs next ("unlock after park").
 *
 * In a forked child nobody is there to release what another thread held. The word tells the age in
 * which the lock was taken; one of an earlier age is taken over by whoever wants it next.
 *
 * Order: docs/HACKING.md, "Locks".
 */
#ifndef GORC_LIB_BASE_LOCK_H
#define GORC_LIB_BASE_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct gorc__lock {
    _Atomic uint32_t word; /* 0: free; else the age when it was taken */
};

/* One more in each forked child (sched/fork.c); while there is one thread. In a cache line of its
 * own: it is read with each lock that is taken, and its neighbours may be the program's. */
struct gorc__lock_age {
    _Alignas(64) uint32_t now;
};
extern struct gorc__lock_age gorc__lock_age __attribute__((visibility("hidden")));

void gorc__lock_slow(struct gorc__lock *l);
/* Takes it if it is free, or if nobody is there who could release it. Does not wait. */
bool gorc__try_lock(struct gorc__lock *l);

static inline void gorc__lock(struct gorc__lock *l)
{
    uint32_t free = 0;
    if (__builtin_expect(!atomic_compare_exchange_strong_explicit(&l->word, &free,
                             gorc__lock_age.now, memory_order_acquire, memory_order_relaxed),
            0))
        gorc__lock_slow(l);
}

static inline void gorc__unlock(struct gorc__lock *l)
{
    atomic_store_explicit(&l->word, 0, memory_order_release);
}

/* Held by a thread that was left behind in the parent: what the lock guards may be half changed. */
static inline bool gorc__lock_is_left(const struct gorc__lock *l)
{
    uint32_t word = atomic_load_explicit(&l->word, memory_order_relaxed);
    return word != 0 && word != gorc__lock_age.now;
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
