/* SPDX-License-Identifier: MIT
 *
 * A close while a send is blocked: the sender fails, not the closer (C5).
 */
#include <gorc.h>

static void sender(void *c)
{
    int v = 1;

    gorc_chan_send(c, &v); /* HERE: send */
}

int main(void)
{
    gorc_chan *c = gorc_chan_new(sizeof(int), 0); /* HERE: made */
    gorc_waitgroup wg = {0};

    gorc_procs(1);
    gorc_wg_go(&wg, sender, c); /* HERE: go */
    gorc_yield();               /* on one worker: until the sender is blocked */
    gorc_chan_close(c);         /* HERE: close */
    gorc_wg_wait(&wg);
    return 0;
}
