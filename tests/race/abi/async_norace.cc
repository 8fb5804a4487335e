/* SPDX-License-Identifier: MIT
 *
 * What std::async did happens before what follows get.
 */
#include <chrono>
#include <future>
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static std::future<int> result;

static void *first(void *arg)
{
    (void)arg;
    if (result.get() != 1)
        abort();
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[1];

    result = std::async(std::launch::async, [] {
        x = 1;
        return 1;
    });
    if (pthread_create(&t[0], NULL, first, NULL))
        abort();
    for (int i = 0; i < 1; i++)
        pthread_join(t[i], NULL);
    return 0;
}
