/* SPDX-License-Identifier: MIT
 *
 * Two threads count under the lock 206 times each, one after the other; between them a third one
 * writes without. The report tells at how many accesses the lock was held.
 */
#include <pthread.h>

#include "../support/barrier.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
struct stats {
    int runs;
    long hits;
} stats;

static void *count(void *arg)
{
    hidden_wait((int)(long)arg);
    for (int i = 0; i < 206; i++) {
        pthread_mutex_lock(&lock);
        stats.hits = i; /* HERE: counts */
        pthread_mutex_unlock(&lock);
    }
    hidden_step();
    return arg;
}

static void *forget(void *arg)
{
    hidden_wait(1);
    stats.hits = 0; /* HERE: forgets */
    hidden_step();
    return arg;
}

int main(void)
{
    pthread_t t[3];
    pthread_create(&t[0], NULL, count, (void *)0L); /* HERE: create-first */
    pthread_create(&t[1], NULL, forget, NULL);      /* HERE: create-forget */
    pthread_create(&t[2], NULL, count, (void *)2L); /* HERE: create-second */
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    return 0;
}
