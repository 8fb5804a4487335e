/* SPDX-License-Identifier: MIT
 *
 * A start that fails sends its error on an unbuffered channel which the same goroutine would read
 * next.
 *
 * verdict: deadlock
 */
#include <gorc.h>

static int start(gorc_chan *errors)
{
    int e = -1;
    gorc_chan_send(errors, &e); /* HERE: send */
    return e;
}

int main(void)
{
    gorc_chan *errors = gorc_chan_new(sizeof(int), 0); /* HERE: made */
    start(errors);                                     /* HERE: main */
    int e;
    gorc_chan_recv(errors, &e);
    gorc_chan_unref(errors);
    return 0;
}
