/* SPDX-License-Identifier: MIT
 *
 * A post happens before the wait that it ends.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static sem_t s;

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    sem_post(&s);
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    while (sem_wait(&s)) {
    }
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t a, b;

    sem_init(&s, 0, 0);
    if (pthread_create(&a, NULL, first, NULL) || pthread_create(&b, NULL, second, NULL))
        abort();
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    sem_destroy(&s);
    return 0;
}
