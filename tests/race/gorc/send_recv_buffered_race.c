/* SPDX-License-Identifier: MIT
 *
 * A write after a buffered send is not ordered before what the receiver does.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_chan *c;

static void first(void *arg)
{
    int v = 7;

    (void)arg;
    gorc_chan_send(c, &v);
    x = 1;
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    gorc_chan_recv(c, NULL);
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    c = gorc_chan_new(sizeof(int), 2);
    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_chan_unref(c);
    return 0;
}
