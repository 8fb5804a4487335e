/* SPDX-License-Identifier: MIT
 *
 * Signal happens before a wait with a limit on another clock that it ends.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int ready;

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    pthread_mutex_lock(&m);
    ready = 1;
    pthread_mutex_unlock(&m);
    pthread_cond_signal(&c);
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&m);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 30;
    while (!ready)
        if (pthread_cond_clockwait(&c, &m, CLOCK_MONOTONIC, &until))
            abort();
    pthread_mutex_unlock(&m);
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
