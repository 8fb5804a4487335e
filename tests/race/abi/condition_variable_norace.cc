/* SPDX-License-Identifier: MIT
 *
 * A notify happens before the wait that it ends.
 */
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static std::mutex m;
static std::condition_variable cv;
static bool ready;

static void *first(void *arg)
{
    (void)arg;
    {
        std::lock_guard<std::mutex> hold(m);
        x = 1;
        ready = true;
    }
    cv.notify_one();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    std::unique_lock<std::mutex> hold(m);
    cv.wait(hold, [] { return ready; });
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
