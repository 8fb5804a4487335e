/* SPDX-License-Identifier: MIT
 *
 * Release and acquire of 64 bits.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static long flag;

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    __atomic_fetch_or(&flag, 1, __ATOMIC_RELEASE);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (__atomic_fetch_xor(&flag, 1, __ATOMIC_ACQUIRE) && x == 2)
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
