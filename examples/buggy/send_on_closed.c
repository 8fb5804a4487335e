/* SPDX-License-Identifier: MIT
 *
 * Bug: the receiver closes the channel to say "no more". Only the sender may: its next send fails.
 */
#include <gorc.h>
#include <stdio.h>

GORC_CHAN(events, int) /* HERE: chan */

struct source {
    events out;
    gorc_chan *go_on;
    gorc_chan *ended;
};

static void emit(events_tx out, int value)
{
    events_send(out, value); /* HERE: send */
}

static void source_main(void *arg)
{
    struct source *s = arg;

    gorc_chan_recv(s->go_on, NULL);
    emit(events_tx_of(s->out), 1); /* HERE: emit */
    gorc_chan_close(s->ended);
}

static void stop(struct source *s)
{
    events_close(events_tx_of(s->out)); /* HERE: close */
}

int main(void)
{
    struct source s = {events_new(8), gorc_chan_new(0, 0), gorc_chan_new(0, 0)}; /* HERE: made */

    gorc_go(source_main, &s); /* HERE: go */
    stop(&s);                 /* HERE: stop */
    gorc_chan_close(s.go_on);
    gorc_chan_recv(s.ended, NULL);
    printf("stopped\n");
    return 0;
}
