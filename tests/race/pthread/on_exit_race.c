/* SPDX-License-Identifier: MIT
 *
 * What is done after on_exit is not ordered with what runs at exit.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static void last(int status, void *arg)
{
    (void)status, (void)arg;
    if (x == 2)
        abort();
}

static void *first(void *arg)
{
    (void)arg;
    on_exit(last, NULL);
    x = 1;
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
    return 0;
}
