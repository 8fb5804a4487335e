/* SPDX-License-Identifier: MIT
 *
 * Bug: each side waits for the other to send first. No goroutine can ever go on, main included.
 */
#include <gorc.h>
#include <stdio.h>

GORC_CHAN(tokens, int) /* HERE: chan */

struct pair {
    tokens left, right;
};

static void relay(void *arg)
{
    struct pair *p = arg;
    int token;

    tokens_recv(tokens_rx_of(p->left), &token); /* HERE: relay */
    tokens_send(tokens_tx_of(p->right), token + 1);
}

static int exchange(struct pair *p)
{
    int token;

    tokens_recv(tokens_rx_of(p->right), &token); /* HERE: main */
    tokens_send(tokens_tx_of(p->left), 1);
    return token;
}

int main(void)
{
    struct pair p = {tokens_new(0), tokens_new(0)};

    gorc_go(relay, &p);                 /* HERE: go */
    printf("token %d\n", exchange(&p)); /* HERE: exchange */
    tokens_unref(p.left);
    tokens_unref(p.right);
    return 0;
}
