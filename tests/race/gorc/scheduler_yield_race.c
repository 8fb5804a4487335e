/* SPDX-License-Identifier: MIT
 *
 * Two goroutines that take turns on one worker are as unordered as two threads.
 *
 * env: GORC_PROCS=1
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static void first(void *arg)
{
    (void)arg;
    x = 1;
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    return 0;
}
