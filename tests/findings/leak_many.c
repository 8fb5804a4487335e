/* SPDX-License-Identifier: MIT
 *
 * A hundred goroutines blocked at one place, made at one place: one finding that counts them.
 */
#include <gorc.h>

static void stuck(void *c)
{
    gorc_chan_send(c, &(int){1}); /* HERE: wait */
}

static void start(int n)
{
    gorc_chan *c = gorc_chan_new(sizeof(int), 0); /* HERE: made */

    for (int i = 0; i < n; i++)
        gorc_go(stuck, c); /* HERE: go */
    gorc_chan_recv(c, NULL);
}

int main(void)
{
    start(101); /* HERE: start */
    for (int i = 0; i < 1000; i++)
        gorc_yield();
    return 0;
}
