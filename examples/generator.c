/* SPDX-License-Identifier: MIT
 *
 * A generator: a function that returns the receiving end of a channel and fills it from a goroutine
 * of its own. Its values never end, so it also watches `done`; without that the goroutine would
 * stay blocked in its send for ever once the consumer has seen enough.
 */
#include <gorc.h>
#include <stdio.h>
#include <stdlib.h>

GORC_CHAN(numbers, unsigned long)
GORC_CHAN(signals, char)

struct generator {
    numbers_tx out;
    signals_rx done;
};

static void fibonacci_main(void *arg)
{
    struct generator *g = arg;
    unsigned long a = 0, b = 1;
    gorc_case cases[] = {numbers_case_send(g->out, &a), signals_case_recv(g->done, NULL)};

    while (gorc_select(cases, 2) == 0) {
        unsigned long next = a + b;
        a = b;
        b = next;
    }
    numbers_close(g->out); /* the sender closes, and only the sender */
    free(g);
}

static numbers_rx fibonacci(numbers c, signals_rx done)
{
    struct generator *g = malloc(sizeof(*g));

    if (!g)
        abort();
    g->out = numbers_tx_of(c);
    g->done = done;
    gorc_go(fibonacci_main, g);
    return numbers_rx_of(c);
}

static void consume(numbers_rx in, int n)
{
    unsigned long value;

    for (int i = 0; i < n && numbers_recv(in, &value); i++)
        printf("%lu\n", value);
}

int main(void)
{
    numbers c = numbers_new(0);
    signals done = signals_new(0);
    numbers_rx fib = fibonacci(c, signals_rx_of(done));
    unsigned long rest;

    consume(fib, 10);
    signals_close(signals_tx_of(done));
    while (numbers_recv(fib, &rest)) /* until the generator has closed: it is gone then */
        ;
    numbers_unref(c);
    signals_unref(done);
    return 0;
}
