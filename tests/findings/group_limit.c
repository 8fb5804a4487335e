/* SPDX-License-Identifier: MIT
 *
 * The limit of an error group changed while a goroutine of it runs (E4).
 */
#include <gorc.h>

static gorc_chan *gate;

static int wait_for_gate(void *arg)
{
    (void)arg;
    gorc_chan_recv(gate, NULL);
    return 0;
}

int main(void)
{
    gorc_group *g = gorc_group_new(NULL, NULL); /* HERE: new */

    gate = gorc_chan_new(0, 0);
    gorc_group_go(g, wait_for_gate, NULL); /* HERE: start */
    gorc_group_set_limit(g, 2);            /* HERE: set */
    gorc_chan_close(gate);
    gorc_group_wait(g);
    gorc_chan_unref(gate);
    return 0;
}
