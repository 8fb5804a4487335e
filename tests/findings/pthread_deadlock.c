/* SPDX-License-Identifier: MIT
 *
 * Two threads lock two mutexes in opposite orders and hang; main gives up waiting for them. The
 * finding is there as soon as it has happened.
 */
#include <pthread.h>

#include "../support/told.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both;

static void *one(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&a); /* HERE: one-has */
    pthread_barrier_wait(&both);
    pthread_mutex_lock(&b); /* HERE: one-wants */
    return NULL;
}

static void *two(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&b); /* HERE: two-has */
    pthread_barrier_wait(&both);
    pthread_mutex_lock(&a); /* HERE: two-wants */
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&t[0], NULL, one, NULL); /* HERE: create-one */
    pthread_create(&t[1], NULL, two, NULL); /* HERE: create-two */
    until_told();
    return 0;
}
