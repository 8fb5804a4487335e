/* SPDX-License-Identifier: MIT
 *
 * A request is made once, and its reply channel is never freed: told once, and it does not count.
 */
#include <gorc.h>

static __attribute__((noinline)) void request(void)
{
    gorc_chan *reply = gorc_chan_new(sizeof(int), 1); /* HERE: reply */
    int value = 1;
    gorc_chan_send(reply, &value);
    gorc_chan_recv(reply, &value);
}

/* What others have left on the stack would count as a reference. */
static __attribute__((noinline)) void scrub(void)
{
    volatile char stack[4096];
    for (size_t i = 0; i < sizeof stack; i++)
        stack[i] = 0;
}

int main(void)
{
    request(); /* HERE: request */
    scrub();
    gorc_yield();
    return 0;
}
