/* SPDX-License-Identifier: MIT
 *
 * The forms with a deadline make the same edges when they succeed.
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
    x = 1;
    if (gorc_chan_send_until(c, &v, gorc_now() + 60 * GORC_SECOND) != 0)
        abort();
}

static void second(void *arg)
{
    (void)arg;
    if (gorc_chan_recv_until(c, NULL, gorc_now() + 60 * GORC_SECOND) != 1)
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
