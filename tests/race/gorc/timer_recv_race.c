/* SPDX-License-Identifier: MIT
 *
 * A write after gorc_after is not ordered before that receive.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x;               /* not static, or compilers would see through the test */
static gorc_chan *c; /* handed over unseen: the pointer itself makes no edge */

HIDDEN void hide(gorc_chan *made)
{
    c = made;
}

HIDDEN gorc_chan *hidden(void)
{
    return c;
}

static void first(void *arg)
{
    (void)arg;
    hide(gorc_after(GORC_MILLISECOND));
    x = 1;
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    gorc_chan_recv(hidden(), NULL);
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_chan_unref(hidden());
    return 0;
}
