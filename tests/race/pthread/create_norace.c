/* SPDX-License-Identifier: MIT
 *
 * pthread_create happens before the thread's start.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static void *run(void *arg)
{
    (void)arg;
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t;

    x = 1;
    if (pthread_create(&t, NULL, run, NULL))
        abort();
    pthread_join(t, NULL);
    return 0;
}
