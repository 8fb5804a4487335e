/* SPDX-License-Identifier: MIT
 *
 * The two directions of a socket pair do not order each other.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int fds[2];

static void *first(void *arg)
{
    (void)arg;
    char c;
    x = 1;
    if (write(fds[1], "a", 1) != 1)
        abort();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    char c;
    if (read(fds[1], &c, 1) != 1 || x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) || write(fds[0], "b", 1) != 1)
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
