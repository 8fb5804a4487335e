/* SPDX-License-Identifier: MIT
 *
 * The compactor, when it starts, puts a token into a channel of one, into which a suggestion has
 * already put one; its loop starts only after that.
 *
 * verdict: deadlock
 */
#include <gorc.h>

struct compactor {
    gorc_chan *ch, *quit;
};

static void loop(void *arg)
{
    struct compactor *c = arg;
    gorc_case cases[] = {gorc_case_recv(c->ch, NULL), gorc_case_recv(c->quit, NULL)};
    while (gorc_select(cases, 2) == 0)
        ;
}

static void start(struct compactor *c, gorc_waitgroup *wg)
{
    gorc_chan_send(c->ch, NULL); /* HERE: send */
    gorc_wg_go(wg, loop, c);
}

int main(void)
{
    struct compactor c = {gorc_chan_new(0, 1), gorc_chan_new(0, 0)}; /* HERE: made */
    gorc_waitgroup wg = {0};
    gorc_chan_send(c.ch, NULL);
    start(&c, &wg); /* HERE: main */
    gorc_chan_close(c.quit);
    gorc_wg_wait(&wg);
    gorc_chan_unref(c.ch);
    gorc_chan_unref(c.quit);
    return 0;
}
