/* SPDX-License-Identifier: MIT
 *
 * A wait that nobody ended by a notify is not ordered with what happens outside of the mutex.
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
        ready = true;
    }
    cv.notify_one();
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
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
