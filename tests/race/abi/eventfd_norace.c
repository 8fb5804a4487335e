/* SPDX-License-Identifier: MIT
 *
 * What was written before data was sent through an eventfd happens before what follows its
 * receipt.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int fd;

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    uint64_t n = 1;
    if (write(fd, &n, sizeof n) != sizeof n)
        abort();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    uint64_t n;
    if (read(fd, &n, sizeof n) != sizeof n)
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
