/* SPDX-License-Identifier: MIT
 *
 * A write sends on a channel with the lock held; the monitor, which nobody else would relieve of
 * the value, wants that lock.
 *
 * verdict: deadlock
 */
#include <gorc.h>
#include <stdlib.h>

struct stream {
    gorc_mutex write;
    gorc_chan *reset, *close;
    gorc_waitgroup done;
};

static void monitor(void *arg)
{
    struct stream *s = arg;
    gorc_chan_recv(s->close, NULL);
    gorc_mutex_lock(&s->write); /* HERE: monitor */
    gorc_chan_close(s->reset);
    gorc_chan_unref(s->reset);
    s->reset = NULL;
    gorc_mutex_unlock(&s->write);
}

static void write_frame(void *arg)
{
    struct stream *s = arg;
    gorc_mutex_lock(&s->write); /* HERE: lock */
    if (s->reset)
        gorc_chan_send(s->reset, NULL); /* HERE: send */
    gorc_mutex_unlock(&s->write);
}

static void helper(void *arg)
{
    struct stream *s = arg;
    gorc_chan_send(s->close, NULL);
}

static __attribute__((noinline)) struct stream *start(void)
{
    struct stream *s = calloc(1, sizeof *s);
    s->reset = gorc_chan_new(0, 0);
    s->close = gorc_chan_new(0, 0);
    gorc_go(helper, s);
    gorc_go(monitor, s);     /* HERE: go-monitor */
    gorc_go(write_frame, s); /* HERE: go-write */
    return s;
}

int main(void)
{
    start(); /* HERE: start */
    for (int i = 0; i < 20; i++)
        gorc_yield();
    return 0;
}
