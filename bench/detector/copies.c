/* SPDX-License-Identifier: MIT
 *
 * memcpy, memset and memcmp on blocks from 16 bytes to 64 KB.
 */
#include <string.h>

#include "threads.h"

enum { BLOCK = 1 << 16 };

static uint64_t work(int index, int threads, long n)
{
    unsigned char *a = malloc(BLOCK), *b = malloc(BLOCK);
    uint64_t sum = 0, random = 88172645463325252u + (uint64_t)index;

    if (!a || !b)
        abort();
    memset(a, 1, BLOCK);
    memset(b, 2, BLOCK);
    for (long i = 0; i < n / threads; i++) {
        size_t size = (size_t)16 << (next_random(&random) % 13);
        memcpy(b, a, size);
        sum += memcmp(a, b, size) == 0;
        memset(a, (int)(i & 0x7f), size);
        sum += a[size - 1];
    }
    free(a);
    free(b);
    return sum;
}

int main(int argc, char **argv)
{
    return bench_main(argc, argv, work);
}
