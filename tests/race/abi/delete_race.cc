/* SPDX-License-Identifier: MIT
 *
 * A use that is not ordered after delete.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

static int *volatile block;

static void *first(void *arg)
{
    (void)arg;
    delete[] block;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (block[1] == 1)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    block = new int[16]();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
