/* SPDX-License-Identifier: MIT
 *
 * One that does not acquire races with the plain write of the same variable.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int flag;

static void *first(void *arg)
{
    (void)arg;
    flag = 0;
    __atomic_store_n(&flag, 1, __ATOMIC_RELEASE);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    int one = 1;
    if (!__atomic_compare_exchange_n(&flag, &one, 2, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        abort();
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
