/* SPDX-License-Identifier: MIT
 *
 * Main waits for the end of its goroutines; nothing is left.
 */
#include <gorc.h>

static void worker(void *c)
{
    gorc_chan_close(c);
}

int main(void)
{
    gorc_chan *c = gorc_chan_new(0, 0);

    gorc_go(worker, c);
    gorc_chan_recv(c, NULL);
    gorc_chan_unref(c);
    return 0;
}
