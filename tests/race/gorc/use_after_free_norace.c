/* SPDX-License-Identifier: MIT
 *
 * The free is ordered after the use by a channel.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

static int *p;
static gorc_chan *c;

static void first(void *arg)
{
    (void)arg;
    *p = 1;
    gorc_chan_send(c, NULL);
}

static void second(void *arg)
{
    (void)arg;
    gorc_chan_recv(c, NULL);
    free(p);
}

int main(void)
{
    gorc_waitgroup wg = {0};

    c = gorc_chan_new(0, 0);
    p = malloc(sizeof(*p));
    if (!p)
        abort();
    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_chan_unref(c);
    return 0;
}
