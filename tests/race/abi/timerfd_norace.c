/* SPDX-License-Identifier: MIT
 *
 * A timerfd that is armed: what was done before happens before what follows.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int fd;

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    struct itimerspec when = {.it_value = {.tv_nsec = 1}};
    if (timerfd_settime(fd, 0, &when, NULL))
        abort();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    unsigned long n;
    if (read(fd, &n, sizeof n) != sizeof n)
        abort();
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    fd = timerfd_create(CLOCK_MONOTONIC, 0);
    if (fd < 0)
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
