/* SPDX-License-Identifier: MIT
 *
 * A thread of the program sends to a goroutine: the same edge.
 */
#include <gorc.h>
#include <stdlib.h>
#include <pthread.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_chan *c;

static void *thread_main(void *arg)
{
    int v = 7;

    (void)arg;
    x = 1;
    gorc_chan_send(c, &v);
    return NULL;
}

int main(void)
{
    pthread_t thread;

    c = gorc_chan_new(sizeof(int), 0);
    if (pthread_create(&thread, NULL, thread_main, NULL))
        abort();
    gorc_chan_recv(c, NULL);
    if (x == 2)
        abort();
    pthread_join(thread, NULL);
    gorc_chan_unref(c);
    return 0;
}
