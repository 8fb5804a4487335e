/* SPDX-License-Identifier: MIT
 *
 * A join with a limit on another clock whose time passes orders nothing.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static pthread_t done;
static void *work(void *arg)
{
    hidden_wait(1);
    x = 1;
    return arg;
}

static void *first(void *arg)
{
    (void)arg;
    struct timespec past = {0, 0};
    if (!pthread_clockjoin_np(done, NULL, CLOCK_MONOTONIC, &past))
        abort();
    if (x == 2)
        abort();
    hidden_step();
    pthread_join(done, NULL);
    return NULL;
}

int main(void)
{
    pthread_t t[1];

    if (pthread_create(&done, NULL, work, NULL))
        abort();
    if (pthread_create(&t[0], NULL, first, NULL))
        abort();
    for (int i = 0; i < 1; i++)
        pthread_join(t[i], NULL);
    return 0;
}
