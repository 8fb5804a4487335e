/* SPDX-License-Identifier: MIT
 *
 * The threads of race_discipline_count.c, where the third one does not forget the lock.
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
        stats.hits = i;
        pthread_mutex_unlock(&lock);
    }
    hidden_step();
    return arg;
}

static void *forget(void *arg)
{
    hidden_wait(1);
    pthread_mutex_lock(&lock);
    stats.hits = 0;
    pthread_mutex_unlock(&lock);
    hidden_step();
    return arg;
}

int main(void)
{
    pthread_t t[3];
    pthread_create(&t[0], NULL, count, (void *)0L);
    pthread_create(&t[1], NULL, forget, NULL);
    pthread_create(&t[2], NULL, count, (void *)2L);
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    return 0;
}
