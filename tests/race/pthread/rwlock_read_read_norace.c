/* SPDX-License-Identifier: MIT
 *
 * What two readers only read is no race; a writer before them is ordered with both.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;

static void *first(void *arg)
{
    (void)arg;
    pthread_rwlock_wrlock(&l);
    x = 1;
    pthread_rwlock_unlock(&l);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    pthread_rwlock_rdlock(&l);
    if (x == 2)
        abort();
    pthread_rwlock_unlock(&l);
    return NULL;
}

static void *third(void *arg)
{
    (void)arg;
    hidden_wait(1);
    pthread_rwlock_rdlock(&l);
    if (x == 2)
        abort();
    pthread_rwlock_unlock(&l);
    return NULL;
}

int main(void)
{
    pthread_t t[3];

    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL) ||
        pthread_create(&t[2], NULL, third, NULL))
        abort();
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    return 0;
}
