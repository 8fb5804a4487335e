/* SPDX-License-Identifier: MIT
 *
 * The flusher takes what it is sent while it holds a lock that the writer needs before it sends.
 * The writer was there first this time.
 */
#include <gorc.h>

#include "../support/barrier.h"

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

int main(void)
{
    static struct store s;
    s.entries = gorc_chan_new(0, 0);
    gorc_wg_go(&s.done, writer, &s);  /* HERE: go-writer */
    gorc_wg_go(&s.done, flusher, &s); /* HERE: go-flusher */
    gorc_wg_wait(&s.done);
    gorc_chan_unref(s.entries);
    return 0;
}
