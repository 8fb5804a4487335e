/* SPDX-License-Identifier: MIT
 *
 * Atomic accesses do not race with each other, whatever their order.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static void *first(void *arg)
{
    (void)arg;
    __atomic_store_n(&x, 1, __ATOMIC_RELAXED);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    __atomic_store_n(&x, 2, __ATOMIC_RELAXED);
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
