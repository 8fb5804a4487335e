/* SPDX-License-Identifier: MIT
 *
 * A compare-and-exchange that finds another value writes nothing: a plain read beside it is no
 * race.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int word = 1;

static void *first(void *arg)
{
    (void)arg;
    int other = 7;
    if (__atomic_compare_exchange_n(&word, &other, 2, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        abort();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (word == 9)
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
