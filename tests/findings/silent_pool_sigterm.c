/* SPDX-License-Identifier: MIT
 *
 * A pool of workers that wait for jobs, main for work, when SIGTERM comes: that is how such
 * programs end.
 */
#include <gorc.h>
#include <signal.h>

static gorc_chan *jobs, *results;

static void worker(void *arg)
{
    int job;
    (void)arg;
    while (gorc_chan_recv(jobs, &job))
        gorc_chan_send(results, &job);
}

int main(void)
{
    jobs = gorc_chan_new(sizeof(int), 0);
    results = gorc_chan_new(sizeof(int), 0);
    for (int i = 0; i < 4; i++)
        gorc_go(worker, NULL);
    for (int i = 0; i < 10; i++) {
        gorc_chan_send(jobs, &i);
        gorc_chan_recv(results, NULL);
    }
    raise(SIGTERM);
    return 1;
}
