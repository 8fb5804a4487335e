/* SPDX-License-Identifier: MIT
 *
 * A channel's last reference is given up while a goroutine, which has none of its own, waits.
 */
#include <gorc.h>

static void waits(void *arg)
{
    gorc_chan_recv(arg, NULL); /* HERE: recv */
}

int main(void)
{
    gorc_chan *c = gorc_chan_new(0, 0); /* HERE: new */

    gorc_procs(1);
    gorc_go(waits, c); /* HERE: go */
    gorc_yield();
    gorc_chan_unref(c); /* HERE: unref */
    return 0;
}
