/* SPDX-License-Identifier: MIT
 *
 * A byte that pselect sees and nobody reads: what was done before happens before what follows.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/select.h>
#include <unistd.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int a[2];

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    if (write(a[1], "a", 1) != 1)
        abort();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(a[0], &set);
    if (pselect(a[0] + 1, &set, NULL, NULL, NULL, NULL) != 1)
        abort();
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    if (pipe(a))
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
