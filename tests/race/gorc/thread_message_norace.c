/* SPDX-License-Identifier: MIT
 *
 * strerror and strsignal keep unknown messages in a buffer of the thread's, which goroutines share
 * one after the other.
 * env: GORC_PROCS=1
 */
#include <gorc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TASKS = 8, ROUNDS = 4 };

static gorc_chan *turn;

static void task(void *arg)
{
    char text[128];
    long id = (long)arg;
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(text, sizeof text, "%s", strerror(100000 + (int)id));
        if (!strstr(text, "10000"))
            abort();
        snprintf(text, sizeof text, "%s", strsignal(1000 + (int)id));
        free(malloc(32));
        gorc_yield();
    }
    gorc_chan_send(turn, NULL);
}

int main(void)
{
    turn = gorc_chan_new(0, 0);
    for (long i = 0; i < TASKS; i++)
        gorc_go(task, (void *)i);
    for (int i = 0; i < TASKS; i++)
        gorc_chan_recv(turn, NULL);
    gorc_chan_unref(turn);
    return 0;
}
