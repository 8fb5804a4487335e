/* SPDX-License-Identifier: MIT
 *
 * Repaired: between two polls the goroutine waits for `done` as well, and says when it has ended.
 */
#include <gorc.h>
#include <stdio.h>

struct poller {
    gorc_chan *first, *done, *ended;
};

static void poll_main(void *arg)
{
    struct poller *p = arg;
    gorc_case cases[] = {gorc_case_after(100 * GORC_MILLISECOND), gorc_case_recv(p->done, NULL)};

    gorc_chan_close(p->first);
    while (gorc_select(cases, 2) == 0)
        ;
    gorc_chan_close(p->ended);
}

int main(void)
{
    struct poller p = {gorc_chan_new(0, 0), gorc_chan_new(0, 0), gorc_chan_new(0, 0)};

    gorc_go(poll_main, &p);
    gorc_chan_recv(p.first, NULL);
    printf("polled\n");
    gorc_chan_close(p.done);
    gorc_chan_recv(p.ended, NULL);
    gorc_chan_unref(p.first);
    gorc_chan_unref(p.done);
    gorc_chan_unref(p.ended);
    return 0;
}
