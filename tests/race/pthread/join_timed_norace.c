/* SPDX-License-Identifier: MIT
 *
 * The joins with a limit order as pthread_join does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static int x[3];

static void *run(void *arg)
{
    *(int *)arg = 1;
    return NULL;
}

int main(void)
{
    pthread_t t[3];
    struct timespec real, mono;

    for (int i = 0; i < 3; i++)
        if (pthread_create(&t[i], NULL, run, &x[i]))
            abort();
    clock_gettime(CLOCK_REALTIME, &real);
    clock_gettime(CLOCK_MONOTONIC, &mono);
    real.tv_sec += 30;
    mono.tv_sec += 30;
    if (pthread_timedjoin_np(t[0], NULL, &real))
        abort();
    if (pthread_clockjoin_np(t[1], NULL, CLOCK_MONOTONIC, &mono))
        abort();
    while (pthread_tryjoin_np(t[2], NULL) == EBUSY) {
    }
    return x[0] + x[1] + x[2] == 3 ? 0 : 1;
}
