/* SPDX-License-Identifier: MIT
 *
 * Repaired: the receiver asks the sender to stop, and the sender closes.
 */
#include <gorc.h>
#include <stdio.h>

GORC_CHAN(events, int)

struct source {
    events out;
    gorc_chan *go_on;
    gorc_chan *done;
};

static void emit(events_tx out, int value)
{
    events_send(out, value);
}

static void source_main(void *arg)
{
    struct source *s = arg;

    gorc_chan_recv(s->go_on, NULL);
    emit(events_tx_of(s->out), 1);
    gorc_chan_recv(s->done, NULL);
    events_close(events_tx_of(s->out));
}

static void stop(struct source *s)
{
    gorc_chan_close(s->done);
}

int main(void)
{
    struct source s = {events_new(8), gorc_chan_new(0, 0), gorc_chan_new(0, 0)};
    int value;

    gorc_go(source_main, &s);
    gorc_chan_close(s.go_on);
    stop(&s);
    while (events_recv(events_rx_of(s.out), &value))
        ;
    printf("stopped\n");
    events_unref(s.out);
    gorc_chan_unref(s.go_on);
    gorc_chan_unref(s.done);
    return 0;
}
