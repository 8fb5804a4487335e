/* SPDX-License-Identifier: MIT
 *
 * Each round of a barrier orders.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static pthread_barrier_t bar;

static void *first(void *arg)
{
    (void)arg;
    for (int i = 0; i < 100; i++) {
        if (i % 2 == 0)
            x = i;
        pthread_barrier_wait(&bar);
    }
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    for (int i = 0; i < 100; i++) {
        if (i % 2 == 1)
            x = i;
        pthread_barrier_wait(&bar);
    }
    return NULL;
}

int main(void)
{
    pthread_t a, b;

    pthread_barrier_init(&bar, NULL, 2);
    if (pthread_create(&a, NULL, first, NULL) || pthread_create(&b, NULL, second, NULL))
        abort();
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    pthread_barrier_destroy(&bar);
    return 0;
}
