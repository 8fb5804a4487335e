/* SPDX-License-Identifier: MIT
 *
 * Who arrives at a barrier happens before who leaves it.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static pthread_barrier_t bar;

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    pthread_barrier_wait(&bar);
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    pthread_barrier_wait(&bar);
    if (x == 2)
        abort();
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
