/* SPDX-License-Identifier: MIT
 *
 * gorc_timer_reset happens before the receive of the value.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_timer *t;

static void first(void *arg)
{
    (void)arg;
    x = 1;
    gorc_timer_reset(t, GORC_MILLISECOND);
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    gorc_chan_recv(gorc_timer_chan(t), NULL);
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    t = gorc_timer_new(1000 * GORC_SECOND);
    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_timer_free(t);
    return 0;
}
