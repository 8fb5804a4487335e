/* SPDX-License-Identifier: MIT
 *
 * A request with a time-out. The reply channel has room for one value: when the caller has given
 * up, the server's late answer goes into the buffer instead of blocking the server for ever.
 */
#include <gorc.h>
#include <stdio.h>

GORC_CHAN(replies, int)

struct server {
    replies reply;
    gorc_chan *go_on; /* the server answers once this is closed: it stands for the slow work */
    gorc_chan *finished;
};

static void server_main(void *arg)
{
    struct server *s = arg;

    gorc_chan_recv(s->go_on, NULL);
    replies_send(replies_tx_of(s->reply), 42);
    gorc_chan_close(s->finished);
}

/* Prints the reply, or that none came within `ns`. */
static void ask(struct server *s, int64_t ns)
{
    int answer;
    gorc_case cases[] = {replies_case_recv(replies_rx_of(s->reply), &answer), gorc_case_after(ns)};

    switch (gorc_select(cases, 2)) {
    case 0:
        printf("answer %d\n", answer);
        break;
    case 1:
        printf("timed out\n");
        break;
    }
}

static void serve_one(bool fast)
{
    struct server s = {replies_new(1), gorc_chan_new(0, 0), gorc_chan_new(0, 0)};

    gorc_go(server_main, &s);
    if (fast)
        gorc_chan_close(s.go_on);
    ask(&s, fast ? 60 * GORC_SECOND : 10 * GORC_MILLISECOND);
    if (!fast)
        gorc_chan_close(s.go_on);
    gorc_chan_recv(s.finished, NULL);
    replies_unref(s.reply);
    gorc_chan_unref(s.go_on);
    gorc_chan_unref(s.finished);
}

int main(void)
{
    serve_one(true);
    serve_one(false);
    return 0;
}
