/* SPDX-License-Identifier: MIT
 *
 * Bug: a service that was never started is stopped: it closes a channel that was never made.
 */
#include <gorc.h>
#include <stdio.h>

struct service {
    gorc_chan *quit; /* made by service_start */
};

static void service_stop(struct service *s)
{
    gorc_chan_close(s->quit); /* HERE: close */
}

int main(void)
{
    struct service s = {0};

    service_stop(&s); /* HERE: stop */
    printf("stopped\n");
    return 0;
}
