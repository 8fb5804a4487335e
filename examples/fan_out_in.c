/* SPDX-License-Identifier: MIT
 *
 * Fan-out: several workers receive from one channel. Fan-in: they all send to one channel, which is
 * closed by a goroutine that waits for the last of them.
 */
#include <gorc.h>
#include <stdio.h>

enum { WORKERS = 4, JOBS = 20 };

struct result {
    int job;
    long value;
};

GORC_CHAN(jobs, int)
GORC_CHAN(results, struct result)

struct pool {
    jobs in;
    results out;
    gorc_waitgroup workers;
};

static long collatz_steps(long n)
{
    long steps = 0;

    for (; n != 1; steps++)
        n = n % 2 ? 3 * n + 1 : n / 2;
    return steps;
}

static void worker_main(void *arg)
{
    struct pool *p = arg;
    int job;

    while (jobs_recv(jobs_rx_of(p->in), &job)) {
        struct result r = {job, collatz_steps(job)};
        results_send(results_tx_of(p->out), r);
    }
    gorc_wg_done(&p->workers);
}

static void closer_main(void *arg)
{
    struct pool *p = arg;

    gorc_wg_wait(&p->workers); /* no worker sends after this */
    results_close(results_tx_of(p->out));
}

static void feeder_main(void *arg)
{
    struct pool *p = arg;

    for (int i = 1; i <= JOBS; i++)
        jobs_send(jobs_tx_of(p->in), i);
    jobs_close(jobs_tx_of(p->in));
}

int main(void)
{
    struct pool p = {.in = jobs_new(0), .out = results_new(0)};
    long steps[JOBS + 1] = {0};
    struct result r;

    gorc_wg_add(&p.workers, WORKERS); /* before the goroutines start, not inside them */
    for (int i = 0; i < WORKERS; i++)
        gorc_go(worker_main, &p);
    gorc_go(closer_main, &p);
    gorc_go(feeder_main, &p);

    /* Results come in any order; their sum and their table do not depend on it. */
    while (results_recv(results_rx_of(p.out), &r))
        steps[r.job] = r.value;
    for (int i = 1; i <= JOBS; i++)
        printf("%d takes %ld steps\n", i, steps[i]);
    jobs_unref(p.in);
    results_unref(p.out);
    return 0;
}
