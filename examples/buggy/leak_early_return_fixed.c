/* SPDX-License-Identifier: MIT
 *
 * Repaired: the channel has room for every answer, so that no sender needs a receiver.
 */
#include <gorc.h>
#include <stdio.h>
#include <stdlib.h>

enum { MIRRORS = 3 };

GORC_CHAN(results, int)

struct fetch {
    results out;
    int mirror;
};

static void fetch_one(void *arg)
{
    struct fetch *f = arg;

    results_send(results_tx_of(f->out), 100 + f->mirror);
    results_unref(f->out);
    free(f);
}

/* The first answer of all mirrors. */
static int fetch_first(void)
{
    results out = results_new(MIRRORS);
    int first;

    for (int i = 0; i < MIRRORS; i++) {
        struct fetch *f = malloc(sizeof(*f));
        if (!f)
            abort();
        f->out = results_ref(out);
        f->mirror = i;
        gorc_go(fetch_one, f);
    }
    results_recv(results_rx_of(out), &first);
    results_unref(out);
    return first;
}

int main(void)
{
    printf("%s\n", fetch_first() >= 100 ? "got an answer" : "no answer");
    return 0;
}
