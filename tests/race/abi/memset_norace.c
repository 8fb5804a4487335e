/* SPDX-License-Identifier: MIT
 *
 * memset writes its range: ordered by a mutex.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "barrier.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
char a[300];
static volatile size_t n = sizeof a;

static void *first(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&m);
    memset(a, 1, n);
    pthread_mutex_unlock(&m);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    pthread_mutex_lock(&m);
    if (a[299] == 2)
        abort();
    pthread_mutex_unlock(&m);
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
