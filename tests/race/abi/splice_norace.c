/* SPDX-License-Identifier: MIT
 *
 * Bytes that splice passes from pipe to pipe: what was done before happens before what follows.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int a[2], b[2];

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    if (write(a[1], "a", 1) != 1 || splice(a[0], NULL, b[1], NULL, 1, 0) != 1)
        abort();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    char c;
    if (read(b[0], &c, 1) != 1)
        abort();
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    if (pipe(a) || pipe(b))
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
