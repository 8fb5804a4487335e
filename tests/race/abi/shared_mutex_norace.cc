/* SPDX-License-Identifier: MIT
 *
 * A shared_mutex orders its writer with the readers after it.
 */
#include <pthread.h>
#include <shared_mutex>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static std::shared_mutex m;

static void *first(void *arg)
{
    (void)arg;
    m.lock();
    x = 1;
    m.unlock();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    m.lock_shared();
    if (x == 2)
        abort();
    m.unlock_shared();
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
