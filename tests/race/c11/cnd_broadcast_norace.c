/* SPDX-License-Identifier: MIT
 *
 * A C11 broadcast happens before the waits that it ends.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <threads.h>

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
    cnd_broadcast(&c);
    mtx_unlock(&m);
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    mtx_lock(&m);
    while (!ready)
        cnd_wait(&c, &m);
    mtx_unlock(&m);
    if (x == 2)
        abort();
    return NULL;
}

static void *third(void *arg)
{
    (void)arg;
    mtx_lock(&m);
    while (!ready)
        cnd_wait(&c, &m);
    mtx_unlock(&m);
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[3];

    mtx_init(&m, mtx_plain);
    cnd_init(&c);
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL) ||
        pthread_create(&t[2], NULL, third, NULL))
        abort();
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    return 0;
}
