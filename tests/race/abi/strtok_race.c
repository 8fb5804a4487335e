/* SPDX-License-Identifier: MIT
 *
 * Words taken by strtok by two threads without order.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static char one[] = "a b", other[] = "c d";

static void *first(void *arg)
{
    (void)arg;
    if (!strtok(one, " "))
        abort();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (!strtok(other, " "))
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
