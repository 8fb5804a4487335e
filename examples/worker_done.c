/* SPDX-License-Identifier: MIT
 *
 * A worker that can always be stopped: it waits for the next job and for `done` at once. Closing
 * `done` stops any number of workers, because a receive from a closed channel never blocks.
 */
#include <gorc.h>
#include <stdio.h>

GORC_CHAN(jobs, int)
GORC_CHAN(signals, char)

struct worker {
    jobs_rx in;
    jobs_tx out;
    signals_rx done;
    signals_tx stopped;
};

static void worker_main(void *arg)
{
    struct worker *w = arg;
    int job;
    gorc_case cases[] = {jobs_case_recv(w->in, &job), signals_case_recv(w->done, NULL)};

    while (gorc_select(cases, 2) == 0)
        jobs_send(w->out, job * job);
    printf("worker: stopped\n");
    signals_close(w->stopped);
}

int main(void)
{
    jobs in = jobs_new(0), out = jobs_new(0);
    signals done = signals_new(0), stopped = signals_new(0);
    struct worker w = {
        jobs_rx_of(in), jobs_tx_of(out), signals_rx_of(done), signals_tx_of(stopped)};

    gorc_go(worker_main, &w);
    for (int i = 1; i <= 3; i++) {
        int square;
        jobs_send(jobs_tx_of(in), i);
        jobs_recv(jobs_rx_of(out), &square);
        printf("main: %d squared is %d\n", i, square);
    }
    signals_close(signals_tx_of(done));
    signals_recv(signals_rx_of(stopped), NULL); /* after this the worker touches nothing of ours */
    printf("main: all done\n");

    jobs_unref(in);
    jobs_unref(out);
    signals_unref(done);
    signals_unref(stopped);
    return 0;
}
