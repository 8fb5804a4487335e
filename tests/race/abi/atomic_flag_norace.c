/* SPDX-License-Identifier: MIT
 *
 * A spin lock of atomic_flag orders its holders.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static atomic_flag lock = ATOMIC_FLAG_INIT;

static void *first(void *arg)
{
    (void)arg;
    while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
        ;
    x = 1;
    atomic_flag_clear_explicit(&lock, memory_order_release);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
        ;
    if (x == 2)
        abort();
    atomic_flag_clear_explicit(&lock, memory_order_release);
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
