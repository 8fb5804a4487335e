/* SPDX-License-Identifier: MIT
 *
 * Repaired: the list is gone through under the lock.
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
    c->n_watchers = 0;
    for (int i = 0; i < c->n_watchers; i++)
        c->watchers[i]++;
    gorc_rwmutex_unlock(&c->mu);
}

static void dispatch_events(void *arg)
{
    struct job *j = arg;
    dispatch(j->cacher);
    gorc_wg_done(j->wg);
}

int main(void)
{
    static struct cacher c;
    gorc_waitgroup background = {0};
    gorc_wg_add(&background, 1);
    struct job first = {&c, &background};
    gorc_go(dispatch_events, &first);
    for (int i = 0; i < 3; i++) {
        struct job one = {&c, &c.wg};
        gorc_wg_add(&c.wg, 1);
        gorc_go(dispatch_events, &one);
        gorc_wg_wait(&c.wg);
    }
    gorc_wg_wait(&background);
    return 0;
}
