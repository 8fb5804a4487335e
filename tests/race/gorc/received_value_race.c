/* SPDX-License-Identifier: MIT
 *
 * The receive writes its variable: a read by another goroutine races with it.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int value; /* not static, or compilers would see through the test */
static gorc_chan *c;

static void first(void *arg)
{
    int v = 7;

    (void)arg;
    gorc_chan_send(c, &v);
    hidden_yield_until(1);
    if (value == 2)
        abort();
}

static void second(void *arg)
{
    (void)arg;
    gorc_chan_recv(c, &value);
    hidden_step();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    c = gorc_chan_new(sizeof(int), 1);
    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_chan_unref(c);
    return 0;
}
