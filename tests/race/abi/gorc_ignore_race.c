/* SPDX-License-Identifier: MIT
 *
 * An access after gorc_ignore_end.
 */
#include <gorc/detect.h>
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x, y; /* not static, or compilers would see through the test */

static void *first(void *arg)
{
    (void)arg;
    x = 1; /* recorded: the epoch has begun */
    gorc_ignore_begin();
    gorc_ignore_end();
    y = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (y == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
