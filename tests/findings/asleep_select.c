/* SPDX-License-Identifier: MIT
 *
 * All goroutines asleep, in selects: on which channels, and where they were made. One that another
 * goroutine waits for by a plain receive is told once.
 */
#include <gorc.h>

static gorc_chan *jobs, *quit;

static void worker(void *arg)
{
    (void)arg;
    gorc_chan_recv(jobs, NULL); /* HERE: recv */
}

int main(void)
{
    jobs = gorc_chan_new(0, 0); /* HERE: jobs */
    quit = gorc_chan_new(0, 0); /* HERE: quit */
    gorc_go(worker, NULL);      /* HERE: go */
    gorc_case cases[] = {gorc_case_recv(jobs, NULL), gorc_case_recv(quit, NULL)};
    gorc_select(cases, 2); /* HERE: wait */
    return 0;
}
