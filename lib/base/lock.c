/* SPDX-License-Identifier: MIT
 *
 * The contended half of the internal lock. Holders run for a few dozen instructions, so a waiter
 * spins first; if the holder's thread was descheduled it gives the processor away, and at last
 * sleeps, so that a waiter of higher priority cannot keep the holder from running.
 */
#include "base/lock.h"

#include <errno.h>
#include <sched.h>
#include <time.h>

struct gorc__lock_age gorc__lock_age = {1};

/* It is free, or nobody is there who could release it. */
static bool take(struct gorc__lock *l)
{
    uint32_t word = atomic_load_explicit(&l->word, memory_order_relaxed);
    return word != gorc__lock_age.now &&
           atomic_compare_exchange_strong_explicit(
               &l->word, &word, gorc__lock_age.now, memory_order_acquire, memory_order_relaxed);
}

void gorc__lock_slow(struct gorc__lock *l)
{
    int saved = errno;
    for (unsigned round = 0;; round++) {
        for (unsigned i = 0; i < 60; i++) {
            if (take(l)) {
                errno = saved;
                return;
            }
            gorc__cpu_relax();
        }
        if (round < 32) {
            sched_yield();
        } else {
            struct timespec pause = {.tv_nsec = 20000};
            nanosleep(&pause, NULL);
        }
    }
}
