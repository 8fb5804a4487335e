/* SPDX-License-Identifier: MIT
 *
 * Bug: the receiver leaves after the first of several answers; the other senders are blocked for
 * ever, each with its memory.
 */
#include <gorc.h>
#include <stdio.h>
#include <stdlib.h>

enum { MIRRORS = 3 };

GORC_CHAN(results, int) /* HERE: chan */

struct fetch {
    results out;
    int mirror;
};

static void fetch_one(void *arg)
{
    struct fetch *f = arg;

    results_send(results_tx_of(f->out), 100 + f->mirror); /* HERE: send */
    results_unref(f->out);
    free(f);
}

/* The first answer of all mirrors. */
static int fetch_first(void)
{
    results out = results_new(0); /* HERE: made */
    int first;

    for (int i = 0; i < MIRRORS; i++) {
        struct fetch *f = malloc(sizeof(*f));
        if (!f)
            abort();
        f->out = results_ref(out);
        f->mirror = i;
        gorc_go(fetch_one, f); /* HERE: go */
    }
    results_recv(results_rx_of(out), &first);
    results_unref(out);
    return first;
}

int main(void)
{
    printf("%s\n", fetch_first() >= 100 ? "got an answer" : "no answer"); /* HERE: call */
    return 0;
}
