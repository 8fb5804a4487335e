/* SPDX-License-Identifier: MIT
 *
 * Stop holds the lock until the updater has closed the done channel; the updater takes the lock for
 * each update. It was through with them this time.
 */
#include <gorc.h>

#include "../support/barrier.h"

struct broadcasts {
    gorc_rwmutex lock;
    gorc_chan *updates, *done;
    int n;
};

static void updater(void *arg)
{
    struct broadcasts *b = arg;
    while (gorc_chan_recv(b->updates, NULL)) {
        gorc_rwmutex_rlock(&b->lock); /* HERE: updater-locks */
        gorc_rwmutex_runlock(&b->lock);
        hidden_step();
    }
    gorc_chan_close(b->done); /* HERE: closes */
}

static void stop(struct broadcasts *b)
{
    gorc_rwmutex_lock(&b->lock); /* HERE: stop-locks */
    gorc_chan_close(b->updates);
    gorc_chan_recv(b->done, NULL); /* HERE: waits */
    gorc_rwmutex_unlock(&b->lock);
}

int main(void)
{
    static struct broadcasts b;
    b.updates = gorc_chan_new(0, 1);
    b.done = gorc_chan_new(0, 0);
    gorc_go(updater, &b); /* HERE: go */
    gorc_chan_send(b.updates, NULL);
    hidden_yield_until(1);
    stop(&b); /* HERE: stop */
    gorc_chan_unref(b.updates);
    gorc_chan_unref(b.done);
    return 0;
}
