/* SPDX-License-Identifier: MIT
 *
 * Stop closes a source's done channel and then clears the field that holds it, which the watcher
 * reads whenever it waits.
 *
 * verdict: race
 */
#include <gorc.h>
#include <stdlib.h>

struct source {
    gorc_chan *donec;
    gorc_waitgroup wg;
};

static void watcher(void *arg)
{
    struct source *s = arg;
    for (;;) {
        gorc_chan *done = s->donec; /* HERE: read */
        gorc_case c[] = {gorc_case_recv(done, NULL), gorc_case_after(GORC_MILLISECOND)};
        if (!done || gorc_select(c, 2) == 0)
            return;
    }
}

int main(void)
{
    struct source *s = calloc(1, sizeof *s); /* HERE: made */
    gorc_chan *d = s->donec = gorc_chan_new(0, 0);
    gorc_wg_go(&s->wg, watcher, s); /* HERE: go */
    gorc_yield();
    gorc_chan_close(s->donec);
    s->donec = NULL; /* HERE: write */
    gorc_wg_wait(&s->wg);
    gorc_chan_unref(d);
    free(s);
    return 0;
}
