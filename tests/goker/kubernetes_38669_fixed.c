/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of kubernetes_38669.c: each send gives way to the stop.
 */
#include <gorc.h>
#include <stdlib.h>

struct watcher {
    gorc_chan *result, *input, *done;
};

static void process(void *arg)
{
    struct watcher *w = arg;
    for (int i = 0; i < 3; i++) {
        gorc_case c[] = {gorc_case_send(w->result, &i), gorc_case_recv(w->done, NULL)};
        if (gorc_select(c, 2) == 1)
            return;
    }
    gorc_case c[] = {gorc_case_recv(w->input, NULL), gorc_case_recv(w->done, NULL)};
    while (gorc_select(c, 2) == 0)
        ;
}

static struct watcher *new_watcher(void)
{
    struct watcher *w = calloc(1, sizeof *w);
    w->result = gorc_chan_new(sizeof(int), 0);
    w->input = gorc_chan_new(0, 4);
    w->done = gorc_chan_new(0, 0);
    gorc_go(process, w);
    return w;
}

int main(void)
{
    struct watcher *w = new_watcher();
    int v;
    gorc_chan_recv(w->result, &v);
    gorc_chan_close(w->done);
    gorc_yield();
    return 0;
}
