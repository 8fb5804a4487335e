/* SPDX-License-Identifier: MIT
 *
 * Repaired: the service is started before it is stopped.
 */
#include <gorc.h>
#include <stdio.h>

struct service {
    gorc_chan *quit; /* made by service_start */
};

static void service_start(struct service *s)
{
    s->quit = gorc_chan_new(0, 0);
}

static void service_stop(struct service *s)
{
    gorc_chan_close(s->quit);
}

int main(void)
{
    struct service s = {0};

    service_start(&s);
    service_stop(&s);
    gorc_chan_unref(s.quit);
    printf("stopped\n");
    return 0;
}
