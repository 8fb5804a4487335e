/* SPDX-License-Identifier: MIT
 *
 * A future that was only looked at, and was not ready, orders nothing.
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
    if (result.wait_for(std::chrono::seconds(0)) == std::future_status::ready)
        abort();
    if (x == 2)
        abort();
    hidden_step();
    result.get();
    return NULL;
}

int main(void)
{
    pthread_t t[1];

    result = std::async(std::launch::async, [] {
        hidden_wait(1);
        x = 1;
        return 1;
    });
    if (pthread_create(&t[0], NULL, first, NULL))
        abort();
    for (int i = 0; i < 1; i++)
        pthread_join(t[i], NULL);
    return 0;
}
