/* SPDX-License-Identifier: MIT
 *
 * Shared atomics: relaxed counters, and a release/acquire pair for each hundred of them.
 */
#include <stdatomic.h>

#include "threads.h"

static atomic_ulong total, published;

static uint64_t work(int index, int threads, long n)
{
    unsigned long seen = 0;

    (void)index;
    for (long i = 0; i < n / threads; i++) {
        atomic_fetch_add_explicit(&total, 1, memory_order_relaxed);
        if (i % 100 == 0) {
            atomic_fetch_add_explicit(&published, 1, memory_order_release);
            seen |= atomic_load_explicit(&published, memory_order_acquire);
        }
    }
    return seen == 0;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    run_threads(atoi(argv[2]), atol(argv[1]), work);
    printf("%lu\n", atomic_load(&total));
    return 0;
}
