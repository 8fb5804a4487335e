/* SPDX-License-Identifier: MIT
 *
 * An order that the detector does not see. The tests of tests/race/ use it to make an interleaving
 * certain without creating the happens-before edge that would hide the race (or the lack of one).
 * Works between goroutines and between threads: waiting is a spin that yields the processor and
 * never enters gorc, so two tasks that step on each other need two workers or threads; on one
 * worker use hidden_yield_until, which calls gorc_yield (itself no edge).
 */
#ifndef GORC_TESTS_BARRIER_H
#define GORC_TESTS_BARRIER_H

#include <sys/syscall.h>
#include <unistd.h>

#if defined(__clang__)
#define HIDDEN __attribute__((no_sanitize("thread"), noinline, unused)) static
#else
#define HIDDEN __attribute__((no_sanitize_thread, noinline, unused)) static
#endif

/* One step counter for the whole program: who waits for step n goes on once n steps were made. */
static volatile int hidden_steps_made;

/* A locked add and a plain load, written out so that no compiler makes a call to the runtime of
 * them. */
HIDDEN void hidden_step(void)
{
#if defined(__x86_64__)
    __asm__ volatile("lock; addl $1, %0" : "+m"(hidden_steps_made) : : "memory");
#elif defined(__aarch64__)
    int old, failed;
    __asm__ volatile("1: ldaxr %w0, %2\n add %w0, %w0, #1\n stlxr %w1, %w0, %2\n cbnz %w1, 1b"
                     : "=&r"(old), "=&r"(failed), "+Q"(hidden_steps_made)
                     :
                     : "memory");
#else
#error "no hidden_step for this architecture"
#endif
}

HIDDEN int hidden_steps(void)
{
    int n = hidden_steps_made;
    __asm__ volatile("" ::: "memory");
    return n;
}

/* syscall(2) by hand would need asm; libc's syscall() is not interposed and creates no edge. */
HIDDEN void hidden_wait(int steps)
{
    while (hidden_steps() < steps)
        syscall(SYS_sched_yield);
}

#ifdef GORC_GO_H
HIDDEN void hidden_yield_until(int steps)
{
    while (hidden_steps() < steps)
        gorc_yield();
}
#endif

#endif
