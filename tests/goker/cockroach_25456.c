/* SPDX-License-Identifier: MIT
 *
 * main receives from an unbuffered channel that nobody sends on or closes.
 *
 * verdict: deadlock
 */
#include <gorc.h>

static void wait_for_quiesce(gorc_chan *quiesce)
{
    gorc_chan_recv(quiesce, NULL); /* HERE: recv */
}

int main(void)
{
    gorc_chan *quiesce = gorc_chan_new(0, 0);
    wait_for_quiesce(quiesce); /* HERE: call */
    gorc_chan_unref(quiesce);
    return 0;
}
