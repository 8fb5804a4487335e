/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of grpc_1275.c: closing the stream wakes the reader.
 */
#include <gorc.h>
#include <stdlib.h>

struct stream {
    gorc_chan *buffer, *done;
};

static void read_loop(void *arg)
{
    struct stream *s = arg;
    gorc_case cases[] = {gorc_case_recv(s->buffer, NULL)};
    gorc_select(cases, 1);
    gorc_chan_close(s->done);
}

static __attribute__((noinline)) void close_stream(struct stream *s)
{
    gorc_chan_close(s->buffer);
}

static __attribute__((noinline)) void run(void)
{
    struct stream *s = malloc(sizeof *s);
    s->buffer = gorc_chan_new(sizeof(int), 0);
    s->done = gorc_chan_new(0, 0);
    gorc_go(read_loop, s);
    close_stream(s);
    gorc_chan_recv(s->done, NULL);
    gorc_chan_unref(s->done);
    gorc_chan_unref(s->buffer);
    free(s);
}

int main(void)
{
    run();
    return 0;
}
