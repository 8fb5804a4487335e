/* SPDX-License-Identifier: MIT
 *
 * Messages with sendmmsg and recvmmsg: what is done after is not ordered.
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
    struct iovec v = {(void *)"a", 1};
    struct mmsghdr m = {.msg_hdr = {.msg_iov = &v, .msg_iovlen = 1}};
    if (sendmmsg(a[0], &m, 1, 0) != 1)
        abort();
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    char c;
    struct iovec v = {&c, 1};
    struct mmsghdr m = {.msg_hdr = {.msg_iov = &v, .msg_iovlen = 1}};
    if (recvmmsg(a[1], &m, 1, 0, NULL) != 1)
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
