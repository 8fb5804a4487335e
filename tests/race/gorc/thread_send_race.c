/* SPDX-License-Identifier: MIT
 *
 * A write of the thread after its send races with the goroutine.
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
    gorc_chan_send(c, &v);
    x = 1;
    hidden_step();
    return NULL;
}

int main(void)
{
    pthread_t thread;

    c = gorc_chan_new(sizeof(int), 0);
    if (pthread_create(&thread, NULL, thread_main, NULL))
        abort();
    gorc_chan_recv(c, NULL);
    hidden_yield_until(1);
    if (x == 2)
        abort();
    pthread_join(thread, NULL);
    gorc_chan_unref(c);
    return 0;
}
