/* SPDX-License-Identifier: MIT
 *
 * scanf writes its results: unordered.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "barrier.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
int a, b;

static void *first(void *arg)
{
    (void)arg;
    if (sscanf("12 34", "%d %d", &a, &b) != 2)
        abort();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (b == 1)
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
