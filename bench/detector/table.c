/* SPDX-License-Identifier: MIT
 *
 * A table that main fills and many threads read: TABLE=scan from end to end, or at random places.
 */
#include <string.h>

#include "threads.h"

enum { ENTRIES = 1 << 18 };

static uint32_t table[ENTRIES];
static int scan;

static uint64_t work(int index, int threads, long n)
{
    uint64_t random = 88172645463325252u + (uint64_t)index, sum = 0;

    for (long i = 0; i < n / threads; i++)
        sum += table[(scan ? (uint64_t)i : next_random(&random)) % ENTRIES];
    return sum;
}

int main(int argc, char **argv)
{
    const char *mode = getenv("TABLE");

    scan = mode && strcmp(mode, "scan") == 0;
    for (uint32_t i = 0; i < ENTRIES; i++)
        table[i] = i * 2654435761u >> 8;
    return bench_main(argc, argv, work);
}
