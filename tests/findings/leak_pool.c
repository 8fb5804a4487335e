/* SPDX-License-Identifier: MIT
 *
 * A pool of workers that range over a channel of jobs, which nobody closes: all of them stay.
 */
#include <gorc.h>

enum { WORKERS = 3, JOBS = 20 };

static gorc_waitgroup handled;

static void worker(void *arg)
{
    int job;
    while (gorc_chan_recv(arg, &job)) /* HERE: recv */
        gorc_wg_done(&handled);
}

static __attribute__((noinline)) void start(gorc_chan *jobs)
{
    gorc_go(worker, jobs); /* HERE: go */
}

static __attribute__((noinline)) void serve(void)
{
    gorc_chan *jobs = gorc_chan_new(sizeof(int), 4); /* HERE: new */
    gorc_wg_add(&handled, JOBS);
#pragma GCC unroll 1
    for (int i = 0; i < WORKERS; i++)
        start(jobs); /* HERE: start */
    for (int i = 0; i < JOBS; i++)
        gorc_chan_send(jobs, &i);
    gorc_wg_wait(&handled);
}

int main(void)
{
    serve(); /* HERE: serve */
    return 0;
}
