/* SPDX-License-Identifier: MIT
 *
 * The loop that starts the gossip leaves with its lock held when there is nothing to do any more;
 * the next stage takes the lock.
 *
 * verdict: deadlock
 */
#include <gorc.h>
#include <stdbool.h>
#include <stdlib.h>

struct gossip {
    gorc_mutex lock;
    bool closed;
    int rounds;
    gorc_waitgroup done;
};

static void bootstrap(struct gossip *g)
{
    for (;;) {
        gorc_mutex_lock(&g->lock); /* HERE: bootstrap */
        if (g->closed)
            break;
        g->rounds++;
        gorc_mutex_unlock(&g->lock);
    }
}

static void manage(struct gossip *g)
{
    gorc_mutex_lock(&g->lock); /* HERE: manage */
    g->rounds = 0;
    gorc_mutex_unlock(&g->lock);
}

static void start(void *arg)
{
    bootstrap(arg); /* HERE: start */
    manage(arg);    /* HERE: then */
}

int main(void)
{
    struct gossip *g = calloc(1, sizeof *g);
    g->closed = true;
    gorc_wg_go(&g->done, start, g); /* HERE: go */
    gorc_wg_wait(&g->done);         /* HERE: wait */
    free(g);
    return 0;
}
