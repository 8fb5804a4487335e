/* SPDX-License-Identifier: MIT
 *
 * A block that is freed after its last use is ordered.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int *p;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *first(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&m);
    *p = 1;
    pthread_mutex_unlock(&m);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    pthread_mutex_lock(&m);
    free(p);
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    p = malloc(sizeof *p);
    if (!p)
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
