/* SPDX-License-Identifier: MIT
 *
 * Two threads write a member of a local variable of main's; one writes to main's thread-local
 * memory. The reports name both.
 */
#include <pthread.h>

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
    *hits += 1; /* HERE: count */
    return NULL;
}

static void *count_own(void *arg)
{
    long *hits = arg;
    *hits += 2; /* HERE: own */
    return NULL;
}

static void run(int runs)
{
    struct totals totals = {.runs = runs};
    pthread_t t[3];
    pthread_create(&t[0], NULL, count, &totals.at[2].misses); /* HERE: go-a */
    pthread_create(&t[1], NULL, count, &totals.at[2].misses); /* HERE: go-b */
    pthread_create(&t[2], NULL, count_own, &mine.own_hits);   /* HERE: go-own */
    mine.own_hits++;                                          /* HERE: mine */
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
}

int main(void)
{
    run(1); /* HERE: run */
    return 0;
}
