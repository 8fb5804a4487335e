/* SPDX-License-Identifier: MIT
 *
 * A table that main fills and many threads read, from end to end (TABLE=scan) or at random places:
 * without synchronisation, with a common mutex taken every 1000 reads (TABLE=mutex), or under a
 * rwlock for 1000 reads each time, with a thread that writes one entry now and then (TABLE=rwlock).
 */
#include <string.h>

#include "threads.h"

enum { ENTRIES = 1 << 18, SECTION = 1000, WRITE_EACH = 100 };

static uint32_t table[ENTRIES];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static uint64_t sections;

static uint64_t scan(int index, int threads, long n)
{
    uint64_t sum = 0;

    (void)index;
    for (long i = 0; i < n / threads; i++)
        sum += table[(uint64_t)i % ENTRIES];
    return sum;
}

static uint64_t read_some(uint64_t *random, long n)
{
    uint64_t sum = 0;

    for (long i = 0; i < n; i++)
        sum += table[next_random(random) % ENTRIES];
    return sum;
}

static uint64_t at_random(int index, int threads, long n)
{
    uint64_t random = 88172645463325252u + (uint64_t)index;

    return read_some(&random, n / threads);
}

static uint64_t with_mutex(int index, int threads, long n)
{
    uint64_t random = 88172645463325252u + (uint64_t)index, sum = 0;

    for (long i = 0; i < n / threads; i += SECTION) {
        pthread_mutex_lock(&mutex);
        sections++;
        pthread_mutex_unlock(&mutex);
        sum += read_some(&random, SECTION);
    }
    return sum;
}

/* What is written is what was there. */
static uint64_t with_rwlock(int index, int threads, long n)
{
    uint64_t random = 88172645463325252u + (uint64_t)index, sum = 0;

    for (long i = 0; i < n / threads; i += SECTION) {
        pthread_rwlock_rdlock(&rwlock);
        sum += read_some(&random, SECTION);
        pthread_rwlock_unlock(&rwlock);
        if ((i / SECTION + index) % WRITE_EACH == 0) {
            uint64_t at = next_random(&random) % ENTRIES;
            pthread_rwlock_wrlock(&rwlock);
            table[at] = (uint32_t)at * 2654435761u >> 8;
            pthread_rwlock_unlock(&rwlock);
        }
    }
    return sum;
}

int main(int argc, char **argv)
{
    const char *mode = getenv("TABLE");

    for (uint32_t i = 0; i < ENTRIES; i++)
        table[i] = i * 2654435761u >> 8;
    if (mode && strcmp(mode, "scan") == 0)
        return bench_main(argc, argv, scan);
    if (mode && strcmp(mode, "mutex") == 0)
        return bench_main(argc, argv, with_mutex);
    if (mode && strcmp(mode, "rwlock") == 0)
        return bench_main(argc, argv, with_rwlock);
    return bench_main(argc, argv, at_random);
}
