/* SPDX-License-Identifier: MIT
 *
 * A post happens before the wait with a limit that it ends.
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
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 30;
    if (sem_timedwait(&s, &until))
        abort();
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    sem_init(&s, 0, 0);
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
