/* SPDX-License-Identifier: MIT
 *
 * Atomic objects larger than 16 bytes go through libatomic: a release store is acquired by the
 * load that reads it.
 *
 * flags: -latomic
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
struct big {
    long at[5];
};
static _Atomic struct big word;

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    struct big v = {{1}};
    atomic_store_explicit(&word, v, memory_order_release);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    struct big v = atomic_load_explicit(&word, memory_order_acquire);
    if (v.at[0] == 1 && x == 2)
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
