/* SPDX-License-Identifier: MIT
 *
 * A try to join that succeeds orders as pthread_join does.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static pthread_t done;
static void *work(void *arg)
{
    x = 1;
    hidden_step();
    return arg;
}

static void *first(void *arg)
{
    (void)arg;
    while (pthread_tryjoin_np(done, NULL))
        ;
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[1];

    if (pthread_create(&done, NULL, work, NULL))
        abort();
    if (pthread_create(&t[0], NULL, first, NULL))
        abort();
    for (int i = 0; i < 1; i++)
        pthread_join(t[i], NULL);
    return 0;
}
