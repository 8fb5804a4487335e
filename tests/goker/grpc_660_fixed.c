/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of grpc_660.c: done has room for the value.
 */
#include <gorc.h>
#include <stdlib.h>

static void worker(void *done)
{
    bool ok = true;
    gorc_chan_send(done, &ok);
    gorc_chan_unref(done);
}

static void stopper(void *stop)
{
    gorc_chan_send(stop, NULL);
}

static __attribute__((noinline)) bool one_round(gorc_chan *stop)
{
    gorc_chan *done = gorc_chan_new(sizeof(bool), 1);
    gorc_go(worker, gorc_chan_ref(done));
    gorc_case cases[] = {gorc_case_recv(stop, NULL), gorc_case_recv(done, NULL)};
    bool stopped = gorc_select(cases, 2) == 0;
    gorc_chan_unref(done);
    return !stopped;
}

static __attribute__((noinline)) void load(void)
{
    gorc_chan *stop = gorc_chan_new(0, 0);
    gorc_go(stopper, stop);
    gorc_yield();
    while (one_round(stop))
        ;
    gorc_chan_unref(stop);
}

int main(void)
{
    load();
    for (int i = 0; i < 10; i++)
        gorc_yield();
    return 0;
}
