/* SPDX-License-Identifier: MIT
 *
 * A destructor of thread-specific data is its thread: what it does is not ordered with others.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static pthread_key_t key;
static void destroy(void *arg)
{
    (void)arg;
    x = 1;
    hidden_step();
}

static void *first(void *arg)
{
    (void)arg;
    pthread_setspecific(key, &key);
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    if (pthread_key_create(&key, destroy))
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
