/* SPDX-License-Identifier: MIT
 *
 * Bug: fire and forget. The goroutine polls for ever and nobody can stop it.
 */
#include <gorc.h>
#include <stdio.h>

static void poll_main(void *arg)
{
    gorc_chan *first = arg;
    bool told = false;

    for (;;) {
        if (!told)
            gorc_chan_close(first); /* HERE: close */
        told = true;
        gorc_sleep(100 * GORC_MILLISECOND); /* HERE: sleep */
    }
}

int main(void)
{
    gorc_chan *first = gorc_chan_new(0, 0);

    gorc_go(poll_main, first); /* HERE: go */
    gorc_chan_recv(first, NULL);
    printf("polled\n");
    return 0;
}
