/* SPDX-License-Identifier: MIT
 *
 * What follows gorc_go is not ordered with the new goroutine.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static void reader(void *arg)
{
    (void)arg;
    if (x == 2)
        abort();
    hidden_step();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    gorc_wg_go(&wg, reader, NULL);
    hidden_yield_until(1);
    x = 1;
    gorc_wg_wait(&wg);
    return 0;
}
