/* SPDX-License-Identifier: MIT
 *
 * Bytes behind the difference that decides are not read.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "barrier.h"

char a[32] = "hello", b[32] = "help";
static volatile int result;

static void *first(void *arg)
{
    (void)arg;
    result = strncmp(a, b, 16);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    a[4] = 1;
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
