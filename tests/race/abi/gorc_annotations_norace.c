/* SPDX-License-Identifier: MIT
 *
 * gorc_happens_before and after; accesses between gorc_ignore_begin and end.
 */
#include <gorc/detect.h>
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x, y, own; /* not static, or compilers would see through the test */

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    gorc_happens_before(&x);
    gorc_ignore_begin();
    y = 1; /* the first access since the release */
    gorc_ignore_end();
    own = 1;
    gorc_ignore_begin();
    y = 1; /* not the first one */
    gorc_ignore_end();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    gorc_happens_after(&x);
    if (x == 2 || y == 2)
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
