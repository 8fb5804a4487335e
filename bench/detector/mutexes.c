/* SPDX-License-Identifier: MIT
 *
 * Threads that share a few counters, each under its mutex.
 */
#include "threads.h"

enum { LOCKS = 8 };

static struct {
    pthread_mutex_t m;
    uint64_t count;
} counters[LOCKS];

static uint64_t work(int index, int threads, long n)
{
    for (long i = 0; i < n / threads; i++) {
        int k = (int)((i + index) % LOCKS);
        pthread_mutex_lock(&counters[k].m);
        counters[k].count++;
        pthread_mutex_unlock(&counters[k].m);
    }
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t sum = 0;

    if (argc != 3)
        return 2;
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_init(&counters[i].m, NULL);
    run_threads(atoi(argv[2]), atol(argv[1]), work);
    for (int i = 0; i < LOCKS; i++)
        sum += counters[i].count;
    printf("%llu\n", (unsigned long long)sum);
    return 0;
}
