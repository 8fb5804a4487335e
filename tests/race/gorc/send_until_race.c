/* SPDX-License-Identifier: MIT
 *
 * A receive that timed out makes no edge.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_chan *c;

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
    if (gorc_chan_recv_until(c, NULL, gorc_now() + GORC_MILLISECOND) != -ETIMEDOUT)
        abort();
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    c = gorc_chan_new(sizeof(int), 0);
    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_chan_unref(c);
    return 0;
}
