/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of moby_33293.c: the channel has room for it.
 */
#include <gorc.h>

static int start(gorc_chan *errors)
{
    int e = -1;
    gorc_chan_send(errors, &e);
    return e;
}

int main(void)
{
    gorc_chan *errors = gorc_chan_new(sizeof(int), 1);
    start(errors);
    int e;
    gorc_chan_recv(errors, &e);
    gorc_chan_unref(errors);
    return 0;
}
