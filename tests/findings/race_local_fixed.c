/* SPDX-License-Identifier: MIT
 *
 * Locks make race_local.c silent.
 */
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct totals {
    int runs;
    struct {
        long hits, misses;
    } at[4];
};

static _Thread_local struct {
    int runs;
    long own_hits;
} mine;

static void *count(void *arg)
{
    long *hits = arg;
    pthread_mutex_lock(&lock);
    *hits += 1;
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void *count_own(void *arg)
{
    long *hits = arg;
    pthread_mutex_lock(&lock);
    *hits += 2;
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void run(int runs)
{
    struct totals totals = {.runs = runs};
    pthread_t t[3];
    pthread_create(&t[0], NULL, count, &totals.at[2].misses);
    pthread_create(&t[1], NULL, count, &totals.at[2].misses);
    pthread_create(&t[2], NULL, count_own, &mine.own_hits);
    pthread_mutex_lock(&lock);
    mine.own_hits++;
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
}

int main(void)
{
    run(1);
    return 0;
}
