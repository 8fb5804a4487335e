/* SPDX-License-Identifier: MIT
 *
 * Spin lock, one 32-bit word, zero-initialised; yields the CPU after a while. Leaf locks only:
 * never held over the program's code, a blocking call or a report.
 */
#ifndef DT_LOCK_H
#define DT_LOCK_H

#include <stdbool.h>
#include <stdint.h>

/* For variables that other files use: no detour through the global offset table. */
#define DT_HIDDEN __attribute__((visibility("hidden")))

typedef uint32_t dt_lock;

void dt_lock_slow(dt_lock *l);
/* One step of waiting: spins first, then yields, then sleeps. *round starts at 0. Keeps errno out
 * of it: syscall() is used by callers that save errno or cannot be seen by the program. */
void dt_pause(unsigned *round);

static inline bool dt_lock_try(dt_lock *l)
{
    return __atomic_exchange_n(l, 1, __ATOMIC_ACQUIRE) == 0;
}

static inline void dt_lock_take(dt_lock *l)
{
    if (__builtin_expect(!dt_lock_try(l), 0))
        dt_lock_slow(l);
}

static inline void dt_lock_drop(dt_lock *l)
{
    __atomic_store_n(l, 0, __ATOMIC_RELEASE);
}

#endif
