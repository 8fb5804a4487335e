/* SPDX-License-Identifier: MIT
 *
 * A successful trylock is a lock.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *first(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&m);
    x = 1;
    pthread_mutex_unlock(&m);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (pthread_mutex_trylock(&m))
        abort();
    if (x == 2)
        abort();
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_t a, b;

    if (pthread_create(&a, NULL, first, NULL) || pthread_create(&b, NULL, second, NULL))
        abort();
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    return 0;
}
