/* SPDX-License-Identifier: MIT
 *
 * A cacher's dispatch empties its list of watchers under the write lock, leaves the lock, and goes
 * through the list. It runs in the background and from three others, one after the other.
 *
 * verdict: race
 */
#include <gorc.h>

struct cacher {
    gorc_rwmutex mu;
    int *watchers;
    int n_watchers;
    gorc_waitgroup wg;
};

struct job {
    struct cacher *cacher;
    gorc_waitgroup *wg;
};

static void dispatch(struct cacher *c)
{
    gorc_rwmutex_lock(&c->mu);
    c->n_watchers = 0; /* HERE: truncate */
    gorc_rwmutex_unlock(&c->mu);
    for (int i = 0; i < c->n_watchers; i++) /* HERE: iterate */
        c->watchers[i]++;
}

static void dispatch_events(void *arg)
{
    struct job *j = arg;
    dispatch(j->cacher); /* HERE: dispatch */
    gorc_wg_done(j->wg);
}

int main(void)
{
    static struct cacher c;
    gorc_waitgroup background = {0};
    gorc_wg_add(&background, 1);
    struct job first = {&c, &background};
    gorc_go(dispatch_events, &first); /* HERE: go */
    for (int i = 0; i < 3; i++) {
        struct job one = {&c, &c.wg};
        gorc_wg_add(&c.wg, 1);
        gorc_go(dispatch_events, &one); /* HERE: go2 */
        gorc_wg_wait(&c.wg);
    }
    gorc_wg_wait(&background);
    return 0;
}
