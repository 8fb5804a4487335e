/* SPDX-License-Identifier: MIT
 *
 * Waiting for one goroutine: it closes `done` when its work is complete. The close happens before
 * the receive that returns because of it, so the result needs no lock.
 */
#include <gorc.h>
#include <stdio.h>

struct task {
    gorc_chan *done;
    long sum;
};

static void close_fn(void *c)
{
    gorc_chan_close(c);
}

static void sum_main(void *arg)
{
    struct task *t = arg;

    gorc_defer(close_fn, t->done); /* on every way out of this function */
    for (int i = 1; i <= 100; i++)
        t->sum += i;
}

int main(void)
{
    struct task t = {gorc_chan_new(0, 0), 0}; /* elements of size 0: a pure signal */

    gorc_go(sum_main, &t);
    gorc_chan_recv(t.done, NULL);
    printf("sum %ld\n", t.sum);
    gorc_chan_unref(t.done);
    return 0;
}
