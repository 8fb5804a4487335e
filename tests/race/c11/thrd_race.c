/* SPDX-License-Identifier: MIT
 *
 * Creator and thread are not ordered in between.
 */
#include <stdlib.h>
#include <threads.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static int run(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (x == 2)
        abort();
    return 0;
}

int main(void)
{
    thrd_t t;

    if (thrd_create(&t, run, NULL) != thrd_success)
        abort();
    x = 1;
    hidden_step();
    thrd_join(t, NULL);
    return 0;
}
