/* SPDX-License-Identifier: MIT
 *
 * Main waits for its workers while it holds a lock that each of them takes.
 */
#include <gorc.h>

#include "../support/barrier.h"

struct cache {
    gorc_mutex lock;
    int hits;
    gorc_waitgroup workers;
};

static void worker(void *arg)
{
    struct cache *c = arg;
    gorc_mutex_lock(&c->lock); /* HERE: worker-locks */
    c->hits++;
    gorc_mutex_unlock(&c->lock);
    hidden_step();
    gorc_wg_done(&c->workers);
}

int main(void)
{
    static struct cache c;
    gorc_wg_add(&c.workers, 1);
    gorc_go(worker, &c); /* HERE: go */
    hidden_yield_until(1);
    gorc_mutex_lock(&c.lock); /* HERE: main-locks */
    gorc_wg_wait(&c.workers); /* HERE: waits */
    gorc_mutex_unlock(&c.lock);
    return 0;
}
