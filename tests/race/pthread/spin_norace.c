/* SPDX-License-Identifier: MIT
 *
 * What was done under a spin lock happens before what its next holder does.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static pthread_spinlock_t s;

static void *first(void *arg)
{
    (void)arg;
    pthread_spin_lock(&s);
    x = 1;
    pthread_spin_unlock(&s);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    pthread_spin_lock(&s);
    if (x == 2)
        abort();
    pthread_spin_unlock(&s);
    return NULL;
}

int main(void)
{
    pthread_t a, b;

    pthread_spin_init(&s, PTHREAD_PROCESS_PRIVATE);
    if (pthread_create(&a, NULL, first, NULL) || pthread_create(&b, NULL, second, NULL))
        abort();
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    pthread_spin_destroy(&s);
    return 0;
}
