/* SPDX-License-Identifier: MIT
 *
 * The receiver owns the variable that it receives into.
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
}

static void second(void *arg)
{
    (void)arg;
    gorc_chan_recv(c, &value);
    if (value != 7)
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
