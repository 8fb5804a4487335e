/* SPDX-License-Identifier: MIT
 *
 * Readers are not ordered with each other: a write under a read lock races with a read under
 * another.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;

static void *first(void *arg)
{
    (void)arg;
    pthread_rwlock_rdlock(&l);
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

int main(void)
{
    pthread_t a, b;

    if (pthread_create(&a, NULL, first, NULL) || pthread_create(&b, NULL, second, NULL))
        abort();
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    return 0;
}
