/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of istio_8967.c: the field is cleared when the watcher has ended.
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
    gorc_chan *d = s->donec;
    for (;;) {
        gorc_case c[] = {gorc_case_recv(d, NULL), gorc_case_after(GORC_MILLISECOND)};
        if (gorc_select(c, 2) == 0)
            return;
    }
}

int main(void)
{
    struct source *s = calloc(1, sizeof *s);
    gorc_chan *d = s->donec = gorc_chan_new(0, 0);
    gorc_wg_go(&s->wg, watcher, s);
    gorc_yield();
    gorc_chan_close(s->donec);
    gorc_wg_wait(&s->wg);
    s->donec = NULL;
    gorc_chan_unref(d);
    free(s);
    return 0;
}
