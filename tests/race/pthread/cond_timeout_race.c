/* SPDX-License-Identifier: MIT
 *
 * A wait whose time passes is not ordered with what the others do without the mutex.
 */
#define _GNU_SOURCE
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
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    pthread_mutex_lock(&m);
    struct timespec past = {0, 0};
    if (!pthread_cond_timedwait(&c, &m, &past))
        abort();
    pthread_mutex_unlock(&m);
    if (x == 2)
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
