/* SPDX-License-Identifier: MIT
 *
 * Vectors written and read: what was done before happens before what follows.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int a[2];

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    struct iovec v[2] = {{(void *)"a", 1}, {(void *)"b", 1}};
    if (writev(a[1], v, 2) != 2)
        abort();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    char one, other;
    struct iovec v[2] = {{&one, 1}, {&other, 1}};
    if (readv(a[0], v, 2) != 2)
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
