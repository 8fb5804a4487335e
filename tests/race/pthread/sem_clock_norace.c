/* SPDX-License-Identifier: MIT
 *
 * A post happens before the wait with a limit on another clock that it ends.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static sem_t s;

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    sem_post(&s);
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 30;
    if (sem_clockwait(&s, CLOCK_MONOTONIC, &until))
        abort();
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t a, b;

    sem_init(&s, 0, 0);
    if (pthread_create(&a, NULL, first, NULL) || pthread_create(&b, NULL, second, NULL))
        abort();
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    sem_destroy(&s);
    return 0;
}
