/* SPDX-License-Identifier: MIT
 *
 * A block that is freed while the other thread uses it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int *p;

static void *first(void *arg)
{
    (void)arg;
    *p = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    free(p);
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    p = malloc(sizeof *p);
    if (!p)
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
