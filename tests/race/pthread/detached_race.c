/* SPDX-License-Identifier: MIT
 *
 * A detached thread's last write is not ordered with main.
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

    if (pthread_create(&t, NULL, run, NULL) || pthread_detach(t))
        abort();
    hidden_wait(1);
    if (x == 2)
        abort();
    return 0;
}
