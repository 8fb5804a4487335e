/* SPDX-License-Identifier: MIT
 *
 * An eventfd with its own calls: what is done after is not ordered.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int fd;

static void *first(void *arg)
{
    (void)arg;
    if (eventfd_write(fd, 1))
        abort();
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    eventfd_t v;
    if (eventfd_read(fd, &v) || v != 1)
        abort();
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    fd = eventfd(0, 0);
    if (fd < 0)
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
