/* SPDX-License-Identifier: MIT
 *
 * The non-blocking forms make the same edges when they succeed.
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
    while (!gorc_chan_try_send(c, &v))
        gorc_yield();
}

static void second(void *arg)
{
    (void)arg;
    while (gorc_chan_try_recv(c, NULL) != 1)
        gorc_yield();
    if (x == 2)
        abort();
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
