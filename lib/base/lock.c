/* SPDX-License-Identifier: MIT
 *
 * The contended half of the internal lock. Holders run for a few dozen instructions, so a waiter
 * spins first, at lengthening intervals; if the holder's thread was descheduled it gives the
 * processor away, and at last sleeps, so that a waiter of higher priority cannot keep the holder
 * from running.
 */
#include "base/lock.h"

#include <errno.h>
#include <sched.h>
#include <time.h>

/* How long a waiter looks away before it looks at the lock again: each look takes the cache line,
 * and what the lock guards with it, from the holder, who is about to want it for the next
 * operation. */
enum { SHORTEST = 10, LONGEST = 5 /* times two */ };

struct gorc__lock_age gorc__lock_age = {1};

bool gorc__try_lock(struct gorc__lock *l)
{
    uint32_t word = atomic_load_explicit(&l->word, memory_order_relaxed);
    return word != gorc__lock_age.now &&
           atomic_compare_exchange_strong_explicit(
               &l->word, &word, gorc__lock_age.now, memory_order_acquire, memory_order_relaxed);
}

static void relax(unsigned n)
{
    while (n-- > 0)
        gorc__cpu_relax();
}

void gorc__lock_slow(struct gorc__lock *l)
{
    int saved = errno;
    for (unsigned look = 0;; look++) {
        relax(SHORTEST << (look < LONGEST ? look : LONGEST));
        if (gorc__try_lock(l))
            break;
        if (look > LONGEST + 32) {
            struct timespec pause = {.tv_nsec = 20000};
            nanosleep(&pause, NULL);
        } else if (look > LONGEST) {
            sched_yield();
        }
    }
    errno = saved;
}
