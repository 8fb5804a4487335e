/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of leak_pool.c: whoever sends the jobs closes the channel and awaits the workers.
 */
#include <gorc.h>

enum { WORKERS = 3, JOBS = 20 };

static gorc_waitgroup handled, ended;

static void worker(void *arg)
{
    int job;
    while (gorc_chan_recv(arg, &job))
        gorc_wg_done(&handled);
    gorc_wg_done(&ended);
}

static __attribute__((noinline)) void start(gorc_chan *jobs)
{
    gorc_go(worker, jobs);
}

static __attribute__((noinline)) void serve(void)
{
    gorc_chan *jobs = gorc_chan_new(sizeof(int), 4);
    gorc_wg_add(&handled, JOBS);
    gorc_wg_add(&ended, WORKERS);
    for (int i = 0; i < WORKERS; i++)
        start(jobs);
    for (int i = 0; i < JOBS; i++)
        gorc_chan_send(jobs, &i);
    gorc_wg_wait(&handled);
    gorc_chan_close(jobs);
    gorc_wg_wait(&ended);
    gorc_chan_unref(jobs);
}

int main(void)
{
    serve();
    return 0;
}
