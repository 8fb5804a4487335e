/* SPDX-License-Identifier: MIT
 *
 * As lock_and_wait, early in a long run: what the report tells of the two at its end is what it
 * was, though millions have come and gone meanwhile.
 */
#include <gorc.h>
#include <stdlib.h>

#include "../support/barrier.h"

enum { OTHERS = 2000000, AT_ONCE = 100 };

struct store {
    gorc_mutex lock;
    gorc_chan *entries;
    int pending;
    gorc_waitgroup done;
};

static void writer(void *arg)
{
    struct store *s = arg;
    gorc_mutex_lock(&s->lock); /* HERE: writer-locks */
    s->pending++;
    gorc_mutex_unlock(&s->lock);
    hidden_step();
    gorc_chan_send(s->entries, NULL); /* HERE: sends */
}

static void flusher(void *arg)
{
    struct store *s = arg;
    hidden_yield_until(1);
    gorc_mutex_lock(&s->lock);        /* HERE: flusher-locks */
    gorc_chan_recv(s->entries, NULL); /* HERE: receives */
    gorc_mutex_unlock(&s->lock);
}

static void other(void *arg)
{
    gorc_wg_done(arg);
}

static void go_on(void)
{
    static gorc_waitgroup done;
    for (int i = 0; i < OTHERS; i += AT_ONCE) {
        gorc_wg_add(&done, AT_ONCE);
        for (int k = 0; k < AT_ONCE; k++)
            gorc_go(other, &done);
        gorc_wg_wait(&done);
    }
}

int main(void)
{
    struct store *s = calloc(1, sizeof *s);
    s->entries = gorc_chan_new(0, 0);
    gorc_wg_go(&s->done, writer, s);  /* HERE: go-writer */
    gorc_wg_go(&s->done, flusher, s); /* HERE: go-flusher */
    gorc_wg_wait(&s->done);
    gorc_chan_unref(s->entries);
    free(s);
    go_on();
    return 0;
}
