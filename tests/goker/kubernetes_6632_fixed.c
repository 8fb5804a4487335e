/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of kubernetes_6632.c: the monitor goes on receiving while it gets the lock.
 */
#include <gorc.h>
#include <stdlib.h>

struct stream {
    gorc_mutex write;
    gorc_chan *reset, *close;
    gorc_waitgroup done;
};

static void drain(void *arg)
{
    gorc_chan *reset = arg;
    while (gorc_chan_recv(reset, NULL))
        ;
    gorc_chan_unref(reset);
}

static void monitor(void *arg)
{
    struct stream *s = arg;
    gorc_chan_recv(s->close, NULL);
    gorc_wg_go(&s->done, drain, gorc_chan_ref(s->reset));
    gorc_mutex_lock(&s->write);
    gorc_chan_close(s->reset);
    gorc_chan_unref(s->reset);
    s->reset = NULL;
    gorc_mutex_unlock(&s->write);
    gorc_wg_done(&s->done);
}

static void write_frame(void *arg)
{
    struct stream *s = arg;
    gorc_mutex_lock(&s->write);
    if (s->reset)
        gorc_chan_send(s->reset, NULL);
    gorc_mutex_unlock(&s->write);
    gorc_wg_done(&s->done);
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
    gorc_wg_add(&s->done, 2);
    gorc_go(helper, s);
    gorc_go(monitor, s);
    gorc_go(write_frame, s);
    return s;
}

int main(void)
{
    struct stream *s = start();
    gorc_wg_wait(&s->done);
    gorc_chan_unref(s->close);
    free(s);
    return 0;
}
