/* SPDX-License-Identifier: MIT
 *
 * The loop gives the lock up on its way out, too.
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
        gorc_mutex_lock(&g->lock);
        if (g->closed) {
            gorc_mutex_unlock(&g->lock);
            break;
        }
        g->rounds++;
        gorc_mutex_unlock(&g->lock);
    }
}

static void manage(struct gossip *g)
{
    gorc_mutex_lock(&g->lock);
    g->rounds = 0;
    gorc_mutex_unlock(&g->lock);
}

static void start(void *arg)
{
    bootstrap(arg);
    manage(arg);
}

int main(void)
{
    struct gossip *g = calloc(1, sizeof *g);
    g->closed = true;
    gorc_wg_go(&g->done, start, g);
    gorc_wg_wait(&g->done);
    free(g);
    return 0;
}
