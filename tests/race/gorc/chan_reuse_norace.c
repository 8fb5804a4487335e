/* SPDX-License-Identifier: MIT
 *
 * Channels, their buffers and what was sent through them are freed and used again by goroutines
 * that never meet.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

enum { ROUNDS = 200 };

static void use_channel(void *arg)
{
    gorc_chan *c = gorc_chan_new(sizeof(long), 4);
    long v = 1;

    (void)arg;
    for (int i = 0; i < 4; i++)
        gorc_chan_send(c, &v);
    for (int i = 0; i < 4; i++)
        gorc_chan_recv(c, &v);
    gorc_chan_unref(c);
    hidden_step();
}

int main(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        gorc_go(use_channel, NULL);
        hidden_yield_until(i + 1);
    }
    while (gorc_num_goroutines() > 1)
        gorc_yield();
    return 0;
}
