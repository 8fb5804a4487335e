/* SPDX-License-Identifier: MIT
 *
 * gorc_ticker_new happens before the receive of a tick.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x;                 /* not static, or compilers would see through the test */
static gorc_ticker *t; /* handed over unseen: the pointer itself makes no edge */

HIDDEN void hide(gorc_ticker *made)
{
    t = made;
}

HIDDEN gorc_ticker *hidden(void)
{
    return t;
}

static void first(void *arg)
{
    (void)arg;
    x = 1;
    hide(gorc_ticker_new(GORC_MILLISECOND));
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    gorc_chan_recv(gorc_ticker_chan(hidden()), NULL);
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_ticker_free(hidden());
    return 0;
}
