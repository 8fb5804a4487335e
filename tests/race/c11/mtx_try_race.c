/* SPDX-License-Identifier: MIT
 *
 * A C11 mutex that is tried: what is done after the unlock is not.
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
    mtx_unlock(&m);
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (mtx_trylock(&m) != thrd_success)
        abort();
    if (x == 2)
        abort();
    mtx_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    mtx_init(&m, mtx_plain);
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
