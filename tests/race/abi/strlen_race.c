/* SPDX-License-Identifier: MIT
 *
 * strlen reads the whole string: unordered.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "barrier.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
char a[32] = "hello, world";
static volatile size_t n;

static void *first(void *arg)
{
    (void)arg;
    n = strlen(a);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    a[11] = 1;
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
