/* SPDX-License-Identifier: MIT
 *
 * A ring of one producer and one consumer: each index is released and acquired.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sched.h>

enum { SIZE = 8, ITEMS = 100 };
int ring[SIZE];
static atomic_uint head, tail;

static void *produce(void *arg)
{
    for (unsigned i = 0; i < ITEMS; i++) {
        while (i - atomic_load_explicit(&tail, memory_order_acquire) == SIZE)
            sched_yield();
        ring[i % SIZE] = (int)i;
        atomic_store_explicit(&head, i + 1, memory_order_release);
    }
    return arg;
}

int main(void)
{
    pthread_t t;
    if (pthread_create(&t, NULL, produce, NULL))
        abort();
    for (unsigned i = 0; i < ITEMS; i++) {
        while (atomic_load_explicit(&head, memory_order_acquire) == i)
            sched_yield();
        if (ring[i % SIZE] != (int)i)
            abort();
        atomic_store_explicit(&tail, i + 1, memory_order_release);
    }
    pthread_join(t, NULL);
    return 0;
}
