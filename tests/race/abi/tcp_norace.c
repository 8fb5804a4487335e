/* SPDX-License-Identifier: MIT
 *
 * What was written before data was sent through a TCP connection within the process happens
 * before what follows its receipt.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
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
    if (read(fds[0], &c, 1) != 1)
        abort();
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    fds[1] = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&a, size) || listen(listener, 1) ||
        getsockname(listener, (struct sockaddr *)&a, &size) ||
        connect(fds[1], (struct sockaddr *)&a, size) || (fds[0] = accept(listener, NULL, NULL)) < 0)
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
