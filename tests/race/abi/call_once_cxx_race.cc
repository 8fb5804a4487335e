/* SPDX-License-Identifier: MIT
 *
 * A function that std::call_once did not run is not ordered by it.
 */
#include <mutex>
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static std::once_flag flag, other;

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    std::call_once(flag, [] {});
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    std::call_once(other, [] {});
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
