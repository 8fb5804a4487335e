/* SPDX-License-Identifier: MIT
 *
 * Repaired: where two sides may end a feed, the close goes through a once.
 */
#include <gorc.h>
#include <stdio.h>

GORC_CHAN(lines, int)

struct feed {
    lines out;
    gorc_once closed;
};

static void close_out(void *arg)
{
    struct feed *f = arg;

    lines_close(lines_tx_of(f->out));
}

static void produce(void *arg)
{
    struct feed *f = arg;

    lines_send(lines_tx_of(f->out), 1);
    gorc_once_do(&f->closed, close_out, f);
}

static void abort_feed(struct feed *f)
{
    gorc_once_do(&f->closed, close_out, f);
}

int main(void)
{
    struct feed f = {.out = lines_new(0)};
    int line;

    gorc_go(produce, &f);
    while (lines_recv(lines_rx_of(f.out), &line))
        printf("line %d\n", line);
    abort_feed(&f);
    lines_unref(f.out);
    return 0;
}
