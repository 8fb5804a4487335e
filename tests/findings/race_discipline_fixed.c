/* SPDX-License-Identifier: MIT
 *
 * The second thread of race_discipline.c does not forget the lock.
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
    hidden_wait(1);
    pthread_mutex_lock(&lock);
    stats.hits = 1;
    pthread_mutex_unlock(&lock);
    hidden_step();
    hidden_wait(3);
    pthread_mutex_lock(&lock);
    stats.hits = 2;
    pthread_mutex_unlock(&lock);
    hidden_step();
    hidden_wait(5);
    pthread_mutex_lock(&lock);
    stats.hits = 3;
    pthread_mutex_unlock(&lock);
    return arg;
}

static void *forget(void *arg)
{
    for (int i = 0; i < 3; i++) {
        hidden_wait(2 * i);
        pthread_mutex_lock(&lock);
        stats.hits = 0;
        pthread_mutex_unlock(&lock);
        hidden_step();
    }
    return arg;
}

int main(void)
{
    pthread_t t[2];
    pthread_create(&t[0], NULL, count, NULL);
    pthread_create(&t[1], NULL, forget, NULL);
    pthread_join(t[0], NULL);
    pthread_join(t[1], NULL);
    return 0;
}
