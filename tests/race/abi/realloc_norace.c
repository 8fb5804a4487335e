/* SPDX-License-Identifier: MIT
 *
 * realloc ends the old block: ordered by a mutex.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static int *volatile block;

static void *first(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&m);
    int *bigger = realloc(block, 1 << 20);
    if (!bigger)
        abort();
    block = bigger;
    pthread_mutex_unlock(&m);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    pthread_mutex_lock(&m);
    block[1] = 1;
    pthread_mutex_unlock(&m);
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
    free(block);
    return 0;
}
