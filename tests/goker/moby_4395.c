/* SPDX-License-Identifier: MIT
 *
 * A function starts a goroutine that sends its result on an unbuffered channel, and returns the
 * channel; the caller ignores it.
 *
 * verdict: leak
 */
#include <gorc.h>

static void work(void *c)
{
    int result = 42;
    gorc_chan_send(c, &result); /* HERE: send */
}

static __attribute__((noinline)) gorc_chan *start(void)
{
    gorc_chan *c = gorc_chan_new(sizeof(int), 0); /* HERE: made */
    gorc_go(work, c);                             /* HERE: go */
    return c;
}

int main(void)
{
    start(); /* HERE: start */
    gorc_yield();
    return 0;
}
