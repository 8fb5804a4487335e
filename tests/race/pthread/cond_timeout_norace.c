/* SPDX-License-Identifier: MIT
 *
 * A wait whose time passes has the mutex again.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;

static void *first(void *arg)
{
    (void)arg;
    hidden_wait(1);
    pthread_mutex_lock(&m);
    x = 1;
    pthread_mutex_unlock(&m);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    struct timespec until;

    pthread_mutex_lock(&m);
    hidden_step();
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec = 0;
    while (hidden_steps() < 2)
        pthread_cond_timedwait(&c, &m, &until);
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
