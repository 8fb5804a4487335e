/* SPDX-License-Identifier: MIT
 *
 * Registering a function with at_quick_exit happens before it runs.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static void last(void)
{
    if (x == 2)
        abort();
}

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    at_quick_exit(last);
    hidden_step();
    return NULL;
}

int main(void)
{
    pthread_t t[1];

    if (pthread_create(&t[0], NULL, first, NULL))
        abort();
    pthread_detach(t[0]);
    hidden_wait(1);
    quick_exit(0);
    return 0;
}
