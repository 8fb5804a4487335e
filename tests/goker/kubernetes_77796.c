/* SPDX-License-Identifier: MIT
 *
 * A cacher's dispatch empties its list of watchers under the write lock, leaves the lock, and goes
 * through the list. It runs in the background and again and again from others.
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
    struct cacher *c = arg;
    dispatch(c); /* HERE: dispatch */
    gorc_wg_done(&c->wg);
}

int main(void)
{
    static struct cacher c;
    gorc_wg_add(&c.wg, 4);
    for (int i = 0; i < 4; i++) {
        gorc_go(dispatch_events, &c); /* HERE: go */
        gorc_sleep(GORC_MILLISECOND);
    }
    gorc_wg_wait(&c.wg);
    return 0;
}
