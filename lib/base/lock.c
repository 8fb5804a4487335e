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

void gorc__lock_slow(struct gorc__lock *l)
{
    int saved = errno;
    for (unsigned round = 0;; round++) {
        for (unsigned i = 0; i < 60; i++) {
            if (atomic_load_explicit(&l->word, memory_order_relaxed) == 0 && gorc__try_lock(l)) {
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
