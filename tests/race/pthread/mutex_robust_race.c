/* SPDX-License-Identifier: MIT
 *
 * A robust mutex orders no more than others do: what is done after its unlock is not.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static pthread_mutex_t m;

static void *first(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    pthread_mutex_lock(&m);
    if (x == 2)
        abort();
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&m, &attr);
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
