/* SPDX-License-Identifier: MIT
 *
 * A goroutine that receives from a nil channel.
 */
#include <gorc.h>

static void stuck(void *arg)
{
    (void)arg;
    gorc_chan_recv(NULL, NULL); /* HERE: wait */
}

int main(void)
{
    gorc_go(stuck, NULL); /* HERE: go */
    gorc_yield();
    return 0;
}
