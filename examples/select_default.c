/* SPDX-License-Identifier: MIT
 *
 * Select with a default clause: send if there is room, receive if there is something, and never
 * wait. gorc_select_try returns -1 where Go would run `default`; for a single channel the try_
 * functions say the same in one line.
 */
#include <gorc.h>
#include <stdio.h>

GORC_CHAN(events, int)

/* A logger that must not slow anybody down: it drops what does not fit. */
static int log_events(events_tx queue, int n)
{
    int dropped = 0;

    for (int i = 0; i < n; i++)
        if (!events_try_send(queue, i))
            dropped++;
    return dropped;
}

int main(void)
{
    events urgent = events_new(1), normal = events_new(4);
    int value;
    gorc_case cases[] = {
        events_case_recv(events_rx_of(urgent), &value),
        events_case_recv(events_rx_of(normal), &value),
    };

    printf("nothing yet: %d\n", gorc_select_try(cases, 2));
    printf("dropped %d of 10\n", log_events(events_tx_of(normal), 10));
    for (;;) {
        int ready = gorc_select_try(cases, 2);
        if (ready < 0)
            break;
        printf("case %d gave %d\n", ready, value);
    }
    events_close(events_tx_of(urgent));
    printf("after close: case %d", gorc_select_try(cases, 2));
    printf(", ok %d\n", cases[0].ok);
    events_unref(urgent);
    events_unref(normal);
    return 0;
}
