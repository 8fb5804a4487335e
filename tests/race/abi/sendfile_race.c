/* SPDX-License-Identifier: MIT
 *
 * A file sent into a socket: what is done after is not ordered.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int a[2];

static void *first(void *arg)
{
    (void)arg;
    int file = open("/proc/self/exe", O_RDONLY);
    if (file < 0 || sendfile(a[0], file, NULL, 4) != 4)
        abort();
    close(file);
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    char c[4];
    if (read(a[1], c, 4) <= 0)
        abort();
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, a))
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
