/* SPDX-License-Identifier: MIT
 *
 * What was written before data was sent happens before what follows the epoll_wait that finds it,
 * even when nobody reads it.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int fds[2], set;

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
    struct epoll_event e;
    if (epoll_wait(set, &e, 1, -1) != 1)
        abort();
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    struct epoll_event e = {.events = EPOLLIN | EPOLLET};
    set = epoll_create1(0);
    if (set < 0 || pipe(fds) || epoll_ctl(set, EPOLL_CTL_ADD, fds[0], &e))
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
