/* SPDX-License-Identifier: MIT
 *
 * What is done after the unlock is not ordered with a lock with a limit.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static mtx_t m;

static void *first(void *arg)
{
    (void)arg;
    mtx_lock(&m);
    mtx_unlock(&m);
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    struct timespec until;
    timespec_get(&until, TIME_UTC);
    until.tv_sec += 30;
    if (mtx_timedlock(&m, &until) != thrd_success)
        abort();
    if (x == 2)
        abort();
    mtx_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    mtx_init(&m, mtx_timed);
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
