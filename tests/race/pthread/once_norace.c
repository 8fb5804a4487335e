/* SPDX-License-Identifier: MIT
 *
 * The initialiser happens before every return of pthread_once.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init(void)
{
    x = 1;
}

static void *first(void *arg)
{
    (void)arg;
    pthread_once(&once, init);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    pthread_once(&once, init);
    if (x == 2)
        abort();
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
