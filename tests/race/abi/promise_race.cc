/* SPDX-License-Identifier: MIT
 *
 * What is done after set_value is not ordered.
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
    promise.set_exception(std::make_exception_ptr(1));
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    promise.get_future().wait();
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
