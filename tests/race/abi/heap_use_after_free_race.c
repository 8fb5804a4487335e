/* SPDX-License-Identifier: MIT
 *
 * A read that is not ordered after the free.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

static int *volatile block;

static void *first(void *arg)
{
    (void)arg;
    free(block);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (block[3] == 1)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    block = malloc(64 * sizeof *block);
    if (!block)
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
