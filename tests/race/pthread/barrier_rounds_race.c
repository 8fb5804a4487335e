/* SPDX-License-Identifier: MIT
 *
 * A thread that has arrived at the next round is not ordered with what the other one does
 * after this round.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static pthread_barrier_t bar;

static void *first(void *arg)
{
    (void)arg;
    pthread_barrier_wait(&bar);
    x = 1;
    hidden_step();
    pthread_barrier_wait(&bar);
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    pthread_barrier_wait(&bar);
    hidden_wait(1);
    if (x == 2)
        abort();
    pthread_barrier_wait(&bar);
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
