/* SPDX-License-Identifier: MIT
 *
 * What was written before the writing end was closed happens before what follows the read that
 * finds the end.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int fds[2];

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    close(fds[1]);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    char c;
    if (read(fds[0], &c, 1) != 0)
        abort();
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    if (pipe(fds))
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
