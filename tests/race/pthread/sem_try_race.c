/* SPDX-License-Identifier: MIT
 *
 * A try that fails orders nothing.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static sem_t s;

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (!sem_trywait(&s))
        abort();
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    sem_init(&s, 0, 0);
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
