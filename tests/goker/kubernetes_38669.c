/* SPDX-License-Identifier: MIT
 *
 * A watcher's goroutine sends the events that it begins with, and does not look at whether its
 * owner has stopped it meanwhile.
 *
 * verdict: leak
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
        gorc_chan_send(w->result, &i); /* HERE: initial */
    }
    gorc_case c[] = {gorc_case_recv(w->input, NULL), gorc_case_recv(w->done, NULL)};
    while (gorc_select(c, 2) == 0)
        ;
}

static struct watcher *new_watcher(void)
{
    struct watcher *w = calloc(1, sizeof *w);
    w->result = gorc_chan_new(sizeof(int), 0); /* HERE: made */
    w->input = gorc_chan_new(0, 4);
    w->done = gorc_chan_new(0, 0);
    gorc_go(process, w); /* HERE: go */
    return w;
}

int main(void)
{
    struct watcher *w = new_watcher(); /* HERE: new */
    int v;
    gorc_chan_recv(w->result, &v);
    gorc_chan_close(w->done);
    gorc_yield();
    return 0;
}
