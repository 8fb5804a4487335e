/* SPDX-License-Identifier: MIT
 *
 * A thread's end happens before the return of pthread_join.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static void *run(void *arg)
{
    (void)arg;
    x = 1;
    return NULL;
}

int main(void)
{
    pthread_t t;

    if (pthread_create(&t, NULL, run, NULL))
        abort();
    pthread_join(t, NULL);
    if (x == 2)
        abort();
    return 0;
}
