/* SPDX-License-Identifier: MIT
 *
 * Recursive calls, and little else.
 */
#include "threads.h"

__attribute__((noinline)) static uint64_t fib(long n)
{
    return n < 2 ? (uint64_t)n : fib(n - 1) + fib(n - 2);
}

static uint64_t work(int index, int threads, long n)
{
    (void)index, (void)threads;
    return fib(n);
}

int main(int argc, char **argv)
{
    return bench_main(argc, argv, work);
}
