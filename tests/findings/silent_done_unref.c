/* SPDX-License-Identifier: MIT
 *
 * A done channel is unref'd by its receiver as soon as it was closed, or got its value: the other
 * side may still be inside the call.
 */
#include <gorc.h>

static void closes(void *done)
{
    gorc_chan_close(done);
}

static void sends(void *done)
{
    gorc_chan_send(done, NULL);
}

int main(void)
{
    for (int i = 0; i < 200; i++) {
        gorc_chan *done = gorc_chan_new(0, 0);
        gorc_go(i % 2 ? closes : sends, done);
        gorc_chan_recv(done, NULL);
        gorc_chan_unref(done);
    }
    return 0;
}
