/* SPDX-License-Identifier: MIT
 *
 * A C11 signal happens before the wait with a limit that it ends.
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
    x = 1;
    mtx_lock(&m);
    ready = 1;
    mtx_unlock(&m);
    cnd_signal(&c);
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
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
