/* SPDX-License-Identifier: MIT
 *
 * token_ring N ROUNDS: N goroutines in a ring pass a token round ROUNDS times. Each adds one to
 * what the token points to: only the handing-over orders these accesses.
 */
#include <gorc.h>
#include <stdio.h>
#include <stdlib.h>

struct token {
    long hops;
};

GORC_CHAN(tokens, struct token *)

struct member {
    tokens in;
    tokens_tx out;
    int rounds;
    gorc_waitgroup *wg;
};

static void member_main(void *arg)
{
    struct member *m = arg;
    struct token *t;

    for (int i = 0; i < m->rounds && tokens_recv(tokens_rx_of(m->in), &t); i++) {
        t->hops++;
        tokens_send(m->out, t);
    }
    gorc_wg_done(m->wg);
}

int main(int argc, char **argv)
{
    long n = argc > 1 ? atol(argv[1]) : 10000;
    int rounds = argc > 2 ? atoi(argv[2]) : 100;
    struct member *members = calloc((size_t)n, sizeof(*members));
    struct token token = {0}, *t = &token;
    gorc_waitgroup wg = {0};

    if (!members)
        return 1;
    for (long i = 0; i < n; i++)
        members[i].in = tokens_new(0);
    /* The last member sends to main's channel, and main to the first. */
    tokens back = tokens_new(0);
    gorc_wg_add(&wg, (int)n);
    for (long i = 0; i < n; i++) {
        members[i].out = tokens_tx_of(i + 1 < n ? members[i + 1].in : back);
        members[i].rounds = rounds;
        members[i].wg = &wg;
        gorc_go(member_main, &members[i]);
    }
    for (int i = 0; i < rounds; i++) {
        tokens_send(tokens_tx_of(members[0].in), t);
        tokens_recv(tokens_rx_of(back), &t);
    }
    gorc_wg_wait(&wg);
    for (long i = 0; i < n; i++)
        tokens_unref(members[i].in);
    tokens_unref(back);
    free(members);
    printf("%ld hops\n", token.hops);
    return token.hops != n * rounds;
}
