/* SPDX-License-Identifier: MIT
 *
 * A channel is used after its last reference was given up.
 */
#include <gorc.h>

int main(void)
{
    gorc_chan *c = gorc_chan_new(sizeof(int), 1); /* HERE: new */
    int value = 1;

    gorc_chan_unref(c);        /* HERE: unref */
    gorc_chan_send(c, &value); /* HERE: send */
    return 0;
}
