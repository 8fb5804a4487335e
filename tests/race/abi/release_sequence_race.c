/* SPDX-License-Identifier: MIT
 *
 * A relaxed store of another thread ends the release sequence.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static atomic_int flag;

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    atomic_store_explicit(&flag, 1, memory_order_release);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    atomic_store_explicit(&flag, 2, memory_order_relaxed);
    hidden_step();
    return NULL;
}

static void *third(void *arg)
{
    (void)arg;
    hidden_wait(2);
    if (atomic_load_explicit(&flag, memory_order_acquire) && x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[3];

    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL) ||
        pthread_create(&t[2], NULL, third, NULL))
        abort();
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    return 0;
}
