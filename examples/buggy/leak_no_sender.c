/* SPDX-License-Identifier: MIT
 *
 * Bug: the goroutine waits for a reply that nobody ever sends, and nobody closes the channel.
 */
#include <gorc.h>
#include <stdio.h>
#include <stdlib.h>

GORC_CHAN(answers, int) /* HERE: chan */

struct lookup {
    answers reply;
    gorc_chan *started;
    int key;
};

static int await_reply(answers_rx reply)
{
    int value;

    return answers_recv(reply, &value) ? value : -1; /* HERE: recv */
}

static void lookup_main(void *arg)
{
    struct lookup *l = arg;

    gorc_chan_close(l->started);
    printf("key %d: %d\n", l->key, await_reply(answers_rx_of(l->reply))); /* HERE: look */
    answers_unref(l->reply);
    gorc_chan_unref(l->started);
    free(l);
}

/* Asks for `key`. The reply is left to the goroutine */
static void ask(int key)
{
    struct lookup *l = malloc(sizeof(*l));

    if (!l)
        abort();
    l->reply = answers_new(0); /* HERE: made */
    l->started = gorc_chan_new(0, 0);
    l->key = key;
    gorc_go(lookup_main, l); /* HERE: go */
    gorc_chan_recv(l->started, NULL);
}

int main(void)
{
    ask(7); /* HERE: ask */
    printf("main is done\n");
    return 0;
}
