/* SPDX-License-Identifier: MIT
 *
 * The old block of a realloc is used by someone who does not know.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

static int *volatile block;
static int *volatile stale;

static void *first(void *arg)
{
    (void)arg;
    int *bigger = realloc(block, 1 << 20);
    if (!bigger)
        abort();
    bigger[0] = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (stale[1] == 1)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    block = malloc(64 * sizeof *block);
    if (!block)
        abort();
    stale = block;
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
