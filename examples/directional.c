/* SPDX-License-Identifier: MIT
 *
 * Channel directions in signatures. GORC_CHAN declares three distinct types: `ints` for the owner,
 * `ints_tx` that can only send and close, `ints_rx` that can only receive. A stage that tries
 * ints_send on its input, or ints_close on an ints_rx, does not compile.
 */
#include <gorc.h>
#include <stdio.h>

GORC_CHAN(ints, int)

/* The only sender of `out`, and so the one that closes it. */
static void produce(ints_tx out, int n)
{
    for (int i = 0; i < n; i++)
        ints_send(out, i);
    ints_close(out);
}

static void double_all(ints_rx in, ints_tx out)
{
    int value;

    while (ints_recv(in, &value))
        ints_send(out, 2 * value);
    ints_close(out);
}

static int consume(ints_rx in)
{
    int value, sum = 0;

    while (ints_recv(in, &value)) {
        printf("got %d\n", value);
        sum += value;
    }
    return sum;
}

struct pipeline {
    ints raw, doubled;
};

static void producer_main(void *arg)
{
    struct pipeline *p = arg;
    produce(ints_tx_of(p->raw), 5);
}

static void doubler_main(void *arg)
{
    struct pipeline *p = arg;
    double_all(ints_rx_of(p->raw), ints_tx_of(p->doubled));
}

int main(void)
{
    struct pipeline p = {ints_new(0), ints_new(0)};

    gorc_go(producer_main, &p);
    gorc_go(doubler_main, &p);
    printf("sum %d\n", consume(ints_rx_of(p.doubled)));
    ints_unref(p.raw);
    ints_unref(p.doubled);
    return 0;
}
