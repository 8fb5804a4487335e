/* SPDX-License-Identifier: MIT
 *
 * A server: main waits for ever in an empty select while the others serve, and the last request
 * ends the process. main is not stuck, and no leak.
 */
#include <gorc.h>
#include <stdlib.h>

static void serve(void *requests)
{
    int request;
    while (gorc_chan_recv(requests, &request) && request)
        gorc_yield();
    gorc_chan_unref(requests);
    exit(0);
}

static void client(void *requests)
{
    for (int i = 100; i >= 0; i--)
        gorc_chan_send(requests, &i);
    gorc_chan_unref(requests);
}

int main(void)
{
    gorc_chan *requests = gorc_chan_new(sizeof(int), 0);
    gorc_go(serve, gorc_chan_ref(requests));
    gorc_go(client, requests);
    gorc_select(NULL, 0);
    return 1;
}
