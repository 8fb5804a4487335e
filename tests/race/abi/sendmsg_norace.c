/* SPDX-License-Identifier: MIT
 *
 * A message with sendmsg and recvmsg: what was done before happens before what follows.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int a[2];

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    struct iovec v = {(void *)"a", 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    if (sendmsg(a[0], &m, 0) != 1)
        abort();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    char c;
    struct iovec v = {&c, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    if (recvmsg(a[1], &m, 0) != 1)
        abort();
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, a))
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
