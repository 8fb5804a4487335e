/* SPDX-License-Identifier: MIT
 *
 * A value that a promise gives at once says nothing of what its thread does afterwards.
 */
#include <future>
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static std::promise<int> promise;

static void *first(void *arg)
{
    (void)arg;
    promise.set_value(1);
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (promise.get_future().get() != 1 || x == 2)
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
