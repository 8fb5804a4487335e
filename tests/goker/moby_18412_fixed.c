/* SPDX-License-Identifier: MIT
 *
 * Repaired: after the time-out the command is ended and waited for before its output is read.
 */
#include <gorc.h>
#include <stdlib.h>

struct command {
    int output, result;
    gorc_chan *exited, *done;
};

static void copy_output(void *arg)
{
    struct command *c = arg;
    c->output = 1;
    gorc_chan_send(c->exited, NULL);
}

static void wait_command(void *arg)
{
    struct command *c = arg;
    gorc_chan_recv(c->exited, NULL);
    c->result = 1;
    gorc_chan_send(c->done, NULL);
}

int main(void)
{
    struct command *c = calloc(1, sizeof *c);
    c->exited = gorc_chan_new(0, 0);
    c->done = gorc_chan_new(0, 0);
    gorc_go(copy_output, c);
    gorc_go(wait_command, c);
    gorc_case cases[] = {gorc_case_after(0)};
    gorc_select(cases, 1);
    gorc_chan_recv(c->done, NULL);
    volatile int result = c->output + c->result;
    (void)result;
    gorc_chan_unref(c->exited);
    gorc_chan_unref(c->done);
    free(c);
    return 0;
}
