/* SPDX-License-Identifier: MIT
 *
 * Repaired: the reply is sent, and whoever asks waits until the goroutine has taken it.
 */
#include <gorc.h>
#include <stdio.h>
#include <stdlib.h>

GORC_CHAN(answers, int)

struct lookup {
    answers reply;
    gorc_chan *started;
    gorc_chan *finished;
    int key;
};

static int await_reply(answers_rx reply)
{
    int value;

    return answers_recv(reply, &value) ? value : -1;
}

static void lookup_main(void *arg)
{
    struct lookup *l = arg;

    gorc_chan_close(l->started);
    printf("key %d: %d\n", l->key, await_reply(answers_rx_of(l->reply)));
    gorc_chan_close(l->finished);
}

/* Asks for `key`. Returns when the reply has been printed */
static void ask(int key)
{
    struct lookup *l = malloc(sizeof(*l));

    if (!l)
        abort();
    l->reply = answers_new(0);
    l->started = gorc_chan_new(0, 0);
    l->key = key;
    l->finished = gorc_chan_new(0, 0);
    gorc_go(lookup_main, l);
    gorc_chan_recv(l->started, NULL);
    answers_send(answers_tx_of(l->reply), 42);
    gorc_chan_recv(l->finished, NULL);
    answers_unref(l->reply);
    gorc_chan_unref(l->started);
    gorc_chan_unref(l->finished);
    free(l);
}

int main(void)
{
    ask(7);
    printf("main is done\n");
    return 0;
}
