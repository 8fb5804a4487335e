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
    struct cacher *c = arg;
    dispatch(c);
    gorc_wg_done(&c->wg);
}

int main(void)
{
    static struct cacher c;
    gorc_wg_add(&c.wg, 4);
    for (int i = 0; i < 4; i++) {
        gorc_go(dispatch_events, &c);
        gorc_sleep(GORC_MILLISECOND);
    }
    gorc_wg_wait(&c.wg);
    return 0;
}
