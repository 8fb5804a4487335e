/* SPDX-License-Identifier: MIT
 *
 * A compare-and-exchange that fails only reads: it does not race with a plain read.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static void *first(void *arg)
{
    (void)arg;
    int expected = 5;
    __atomic_compare_exchange_n(&x, &expected, 6, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (x == 9)
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
