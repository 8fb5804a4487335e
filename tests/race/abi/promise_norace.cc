/* SPDX-License-Identifier: MIT
 *
 * What was done before set_value happens before what follows get.
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
    x = 1;
    promise.set_value(1);
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
