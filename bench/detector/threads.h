/* SPDX-License-Identifier: MIT
 *
 * What the detector's benchmark programs share: start n threads, join them, add up their results.
 */
#ifndef GORC_BENCH_THREADS_H
#define GORC_BENCH_THREADS_H

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_THREADS = 256 };

struct thread_job {
    uint64_t (*run)(int index, int threads, long n);
    int index, threads;
    long n;
    uint64_t result;
};

static void *thread_main(void *arg)
{
    struct thread_job *job = arg;

    job->result = job->run(job->index, job->threads, job->n);
    return NULL;
}

/* Runs `run` on so many threads; the sum of what they return. */
static uint64_t run_threads(int threads, long n, uint64_t (*run)(int index, int threads, long n))
{
    static struct thread_job jobs[MAX_THREADS];
    static pthread_t ids[MAX_THREADS];
    uint64_t sum = 0;

    if (threads < 1 || threads > MAX_THREADS)
        exit(2);
    for (int i = 0; i < threads; i++) {
        jobs[i] = (struct thread_job){run, i, threads, n, 0};
        if (pthread_create(&ids[i], NULL, thread_main, &jobs[i]))
            exit(1);
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        sum += jobs[i].result;
    }
    return sum;
}

static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* argv: N THREADS */
static inline int bench_main(int argc, char **argv, uint64_t (*run)(int index, int threads, long n))
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s N THREADS\n", argv[0]);
        return 2;
    }
    printf("%llu\n", (unsigned long long)run_threads(atoi(argv[2]), atol(argv[1]), run));
    return 0;
}

#endif
