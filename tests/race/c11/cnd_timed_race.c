/* SPDX-License-Identifier: MIT
 *
 * What is done after the signal is not ordered.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static mtx_t m;
static cnd_t c;
static int ready;

static void *first(void *arg)
{
    (void)arg;
    mtx_lock(&m);
    ready = 1;
    mtx_unlock(&m);
    cnd_signal(&c);
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
    mtx_lock(&m);
    while (!ready)
        if (cnd_timedwait(&c, &m, &until) != thrd_success)
            abort();
    mtx_unlock(&m);
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    mtx_init(&m, mtx_plain);
    cnd_init(&c);
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
