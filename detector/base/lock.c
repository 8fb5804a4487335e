/* SPDX-License-Identifier: MIT
 *
 * The slow half of the spin lock: spin a little, then give the CPU away, then sleep. The holder may
 * be a thread that was preempted, never one that blocks: what these locks guard is short.
 */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/lock.h"

static void pause_cpu(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

void dt_pause(unsigned *round)
{
    unsigned n = (*round)++;
    if (n < 64) {
        pause_cpu();
    } else if (n < 256) {
        syscall(SYS_sched_yield);
    } else {
        struct timespec ts = {.tv_nsec = 50 * 1000};
        syscall(SYS_nanosleep, &ts, NULL);
    }
}

void dt_lock_slow(dt_lock *l)
{
    unsigned round = 0;
    do {
        while (__atomic_load_n(l, __ATOMIC_RELAXED))
            dt_pause(&round);
    } while (!dt_lock_try(l));
}
