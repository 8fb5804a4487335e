/* SPDX-License-Identifier: MIT
 *
 * Bug: two owners. The producer closes its channel, as it should, and the consumer closes it again.
 */
#include <gorc.h>
#include <stdio.h>

GORC_CHAN(lines, int) /* HERE: chan */

struct feed {
    lines out;
};

static void produce(void *arg)
{
    struct feed *f = arg;

    lines_send(lines_tx_of(f->out), 1);
    lines_close(lines_tx_of(f->out)); /* HERE: first */
}

static void abort_feed(struct feed *f)
{
    lines_close(lines_tx_of(f->out)); /* HERE: second */
}

int main(void)
{
    struct feed f = {.out = lines_new(0)}; /* HERE: made */
    int line;

    gorc_go(produce, &f); /* HERE: go */
    while (lines_recv(lines_rx_of(f.out), &line))
        printf("line %d\n", line);
    abort_feed(&f); /* HERE: call */
    lines_unref(f.out);
    return 0;
}
