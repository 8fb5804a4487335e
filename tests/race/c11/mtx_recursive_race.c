/* SPDX-License-Identifier: MIT
 *
 * A recursive C11 mutex: what is done after the unlock is not.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <threads.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static mtx_t m;

static void *first(void *arg)
{
    (void)arg;
    mtx_lock(&m);
    mtx_lock(&m);
    mtx_unlock(&m);
    mtx_unlock(&m);
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    mtx_lock(&m);
    mtx_lock(&m);
    if (x == 2)
        abort();
    mtx_unlock(&m);
    mtx_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    mtx_init(&m, mtx_plain | mtx_recursive);
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
