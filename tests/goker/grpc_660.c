/* SPDX-License-Identifier: MIT
 *
 * Each round of a load loop makes a done channel, starts a worker that sends on it, and waits for
 * done or stop. The round that is stopped leaves its worker behind.
 *
 * verdict: leak
 */
#include <gorc.h>
#include <stdlib.h>

static void worker(void *done)
{
    bool ok = true;
    gorc_chan_send(done, &ok); /* HERE: send */
}

static void stopper(void *stop)
{
    gorc_chan_send(stop, NULL);
}

static __attribute__((noinline)) bool one_round(gorc_chan *stop)
{
    gorc_chan *done = gorc_chan_new(sizeof(bool), 0); /* HERE: made */
    gorc_go(worker, done);                            /* HERE: go */
    gorc_case cases[] = {gorc_case_recv(stop, NULL), gorc_case_recv(done, NULL)};
    if (gorc_select(cases, 2) == 0)
        return false;
    gorc_chan_unref(done);
    return true;
}

static __attribute__((noinline)) void load(void)
{
    gorc_chan *stop = gorc_chan_new(0, 0);
    gorc_go(stopper, stop);
    gorc_yield();
    while (one_round(stop)) /* HERE: round */
        ;
    gorc_chan_unref(stop);
}

int main(void)
{
    load(); /* HERE: load */
    for (int i = 0; i < 10; i++)
        gorc_yield();
    return 0;
}
