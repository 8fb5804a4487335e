/* SPDX-License-Identifier: MIT
 *
 * An option filled in by getsockopt by two threads without order.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int fd, type;

static void *first(void *arg)
{
    (void)arg;
    socklen_t n = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n))
        abort();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (type == -1)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
