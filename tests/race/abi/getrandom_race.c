/* SPDX-License-Identifier: MIT
 *
 * Bytes filled in by getrandom by two threads without order.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static char bytes[16];

static void *first(void *arg)
{
    (void)arg;
    if (getrandom(bytes, sizeof bytes, 0) < 0)
        abort();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    static volatile char sum;
    sum = bytes[3];
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
