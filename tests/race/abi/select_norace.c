/* SPDX-License-Identifier: MIT
 *
 * What was written before data was sent happens before what follows the select that finds it, even
 * when nobody reads it.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/select.h>
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
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fds[0], &set);
    if (select(fds[0] + 1, &set, NULL, NULL, NULL) != 1)
        abort();
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    if (pipe(fds))
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
