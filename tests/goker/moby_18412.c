/* SPDX-License-Identifier: MIT
 *
 * A command's output is copied into a buffer by a goroutine of its own; another waits for the
 * command, stores its result and sends on `done`. The caller gives up after a time-out and reads
 * the buffer, which nobody has stopped filling.
 *
 * verdict: race
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

struct command {
    int output, result;
    gorc_chan *exited, *done;
};

static void copy_output(void *arg)
{
    struct command *c = arg;
    c->output = 1; /* HERE: output */
    gorc_chan_send(c->exited, NULL);
}

static void wait_command(void *arg)
{
    struct command *c = arg;
    gorc_chan_recv(c->exited, NULL);
    c->result = 1; /* HERE: result */
    hidden_step();
    gorc_chan_send(c->done, NULL); /* HERE: send */
}

static __attribute__((noinline)) int run_with_timeout(void)
{
    struct command *c = calloc(1, sizeof *c);
    c->exited = gorc_chan_new(0, 0);
    c->done = gorc_chan_new(0, 0); /* HERE: made */
    gorc_go(copy_output, c);       /* HERE: go-copy */
    gorc_go(wait_command, c);      /* HERE: go-wait */
    gorc_case cases[] = {gorc_case_after(0)};
    gorc_select(cases, 1); /* the time-out is first */
    hidden_yield_until(1);
    return c->output + c->result; /* HERE: read */
}

int main(void)
{
    volatile int result = run_with_timeout(); /* HERE: run */
    (void)result;
    gorc_yield();
    return 0;
}
