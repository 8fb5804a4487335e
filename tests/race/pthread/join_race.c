/* SPDX-License-Identifier: MIT
 *
 * Without a join yet, the thread's write is not ordered before main's read.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static void *run(void *arg)
{
    (void)arg;
    x = 1;
    hidden_step();
    return NULL;
}

int main(void)
{
    pthread_t t;

    if (pthread_create(&t, NULL, run, NULL))
        abort();
    hidden_wait(1);
    if (x == 2)
        abort();
    pthread_join(t, NULL);
    return 0;
}
