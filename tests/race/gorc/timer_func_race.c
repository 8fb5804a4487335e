/* SPDX-License-Identifier: MIT
 *
 * A write after gorc_timer_after_func is not ordered before its function.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_waitgroup wg;

static void called(void *arg)
{
    hidden_yield_until(1);
    if (x == 2)
        abort();
    gorc_wg_done(arg);
}

int main(void)
{
    gorc_timer *t;

    gorc_wg_add(&wg, 1);
    t = gorc_timer_after_func(GORC_MILLISECOND, called, &wg);
    x = 1;
    hidden_step();
    gorc_wg_wait(&wg);
    gorc_timer_free(t);
    return 0;
}
