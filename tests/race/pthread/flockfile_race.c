/* SPDX-License-Identifier: MIT
 *
 * A stream locked by flockfile: what is done after the unlock is not.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static void *first(void *arg)
{
    (void)arg;
    flockfile(stdin);
    funlockfile(stdin);
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    flockfile(stdin);
    if (x == 2)
        abort();
    funlockfile(stdin);
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
