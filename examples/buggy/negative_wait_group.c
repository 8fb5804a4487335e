/* SPDX-License-Identifier: MIT
 *
 * Bug: two goroutines say Done, and only one was added.
 */
#include <gorc.h>
#include <stdio.h>

struct batch {
    gorc_waitgroup wg;
    gorc_chan *ended;
};

static void finish(struct batch *b)
{
    gorc_wg_done(&b->wg); /* HERE: done */
}

static void task_main(void *arg)
{
    struct batch *b = arg;

    finish(b); /* HERE: finish */
    gorc_chan_send(b->ended, NULL);
}

int main(void)
{
    static struct batch b;

    b.ended = gorc_chan_new(0, 0);
    gorc_wg_add(&b.wg, 1); /* HERE: add */
    for (int i = 0; i < 2; i++)
        gorc_go(task_main, &b); /* HERE: go */
    gorc_wg_wait(&b.wg);
    for (int i = 0; i < 2; i++)
        gorc_chan_recv(b.ended, NULL);
    printf("done\n");
    gorc_chan_unref(b.ended);
    return 0;
}
