/* SPDX-License-Identifier: MIT
 *
 * What the creator does after pthread_create is not ordered with the thread.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static void *run(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t;

    if (pthread_create(&t, NULL, run, NULL))
        abort();
    x = 1;
    hidden_step();
    pthread_join(t, NULL);
    return 0;
}
