/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of moby_4395.c: the caller takes the result.
 */
#include <gorc.h>

static void work(void *c)
{
    int result = 42;
    gorc_chan_send(c, &result);
}

static __attribute__((noinline)) gorc_chan *start(void)
{
    gorc_chan *c = gorc_chan_new(sizeof(int), 0);
    gorc_go(work, c);
    return c;
}

int main(void)
{
    int result;
    gorc_chan *c = start();
    gorc_chan_recv(c, &result);
    gorc_chan_unref(c);
    return 0;
}
