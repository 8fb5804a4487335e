/* SPDX-License-Identifier: MIT
 *
 * A spin lock that is tried: what is done after the unlock is not.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static pthread_spinlock_t s;

static void *first(void *arg)
{
    (void)arg;
    pthread_spin_lock(&s);
    pthread_spin_unlock(&s);
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (pthread_spin_trylock(&s))
        abort();
    if (x == 2)
        abort();
    pthread_spin_unlock(&s);
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    pthread_spin_init(&s, PTHREAD_PROCESS_PRIVATE);
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
