/* SPDX-License-Identifier: MIT
 *
 * A detached thread's last write is not ordered with main.
 */
#include <stdlib.h>
#include <threads.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static int run(void *arg)
{
    (void)arg;
    x = 1;
    hidden_step();
    return 0;
}

int main(void)
{
    thrd_t t;

    if (thrd_create(&t, run, NULL) != thrd_success)
        abort();
    thrd_detach(t);
    hidden_wait(1);
    if (x == 2)
        abort();
    return 0;
}
