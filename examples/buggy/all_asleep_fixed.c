/* SPDX-License-Identifier: MIT
 *
 * Repaired: one side sends first.
 */
#include <gorc.h>
#include <stdio.h>

GORC_CHAN(tokens, int)

struct pair {
    tokens left, right;
};

static void relay(void *arg)
{
    struct pair *p = arg;
    int token;

    tokens_recv(tokens_rx_of(p->left), &token);
    tokens_send(tokens_tx_of(p->right), token + 1);
}

static int exchange(struct pair *p)
{
    int token;

    tokens_send(tokens_tx_of(p->left), 1);
    tokens_recv(tokens_rx_of(p->right), &token);
    return token;
}

int main(void)
{
    struct pair p = {tokens_new(0), tokens_new(0)};

    gorc_go(relay, &p);
    printf("token %d\n", exchange(&p));
    tokens_unref(p.left);
    tokens_unref(p.right);
    return 0;
}
