/* SPDX-License-Identifier: MIT
 *
 * What is written after the data was sent is not ordered by the poll that finds it.
 */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int fds[2];

static void *first(void *arg)
{
    (void)arg;
    if (write(fds[1], "a", 1) != 1)
        abort();
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    struct pollfd p = {.fd = fds[0], .events = POLLIN};
    if (poll(&p, 1, -1) != 1)
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
