/* SPDX-License-Identifier: MIT
 *
 * The sender may change the value once the send has returned.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int value = 7; /* not static, or compilers would see through the test */
static gorc_chan *c;

static void first(void *arg)
{
    (void)arg;
    gorc_chan_send(c, &value);
    value = 8;
}

static void second(void *arg)
{
    int v;

    (void)arg;
    gorc_chan_recv(c, &v);
    if (v != 7)
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
