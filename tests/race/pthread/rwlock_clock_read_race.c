/* SPDX-License-Identifier: MIT
 *
 * A read-write lock taken for reading with a limit on another clock: what is done after the unlock
 * is not.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;

static void *first(void *arg)
{
    (void)arg;
    pthread_rwlock_wrlock(&l);
    pthread_rwlock_unlock(&l);
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 30;
    if (pthread_rwlock_clockrdlock(&l, CLOCK_MONOTONIC, &until))
        abort();
    if (x == 2)
        abort();
    pthread_rwlock_unlock(&l);
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
