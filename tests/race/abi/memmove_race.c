/* SPDX-License-Identifier: MIT
 *
 * memmove reads its source: unordered.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "barrier.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
char a[300], b[300];
static volatile size_t n = sizeof a - 1;

static void *first(void *arg)
{
    (void)arg;
    memmove(a, b + 1, n);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    b[299] = 1;
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
