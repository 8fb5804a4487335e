/* SPDX-License-Identifier: MIT
 *
 * A reader waits on a buffer and would then close a done channel; closing the stream should wake it
 * and does nothing. main waits for done with a time-out, and returns.
 *
 * verdict: leak
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
    gorc_select(cases, 1); /* HERE: select */
    gorc_chan_close(s->done);
}

static __attribute__((noinline)) void close_stream(struct stream *s)
{
    (void)s;
}

static __attribute__((noinline)) void run(void)
{
    struct stream *s = malloc(sizeof *s);
    s->buffer = gorc_chan_new(sizeof(int), 0); /* HERE: made */
    s->done = gorc_chan_new(0, 0);
    gorc_go(read_loop, s); /* HERE: go */
    close_stream(s);
    gorc_case cases[] = {gorc_case_recv(s->done, NULL), gorc_case_after(5 * GORC_MILLISECOND)};
    gorc_select(cases, 2);
}

int main(void)
{
    run(); /* HERE: run */
    return 0;
}
