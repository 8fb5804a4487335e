/* SPDX-License-Identifier: MIT
 *
 * build() starts a goroutine that calls through the wrapper's resolver under the wrapper's lock;
 * the constructor sets that field after build() has returned, without the lock.
 *
 * verdict: race
 */
#include <gorc.h>

#include "barrier.h"

struct resolver {
    int resolved;
};

struct wrapper {
    gorc_mutex mu;
    struct resolver *resolver;
    gorc_waitgroup wg;
};

static void update(void *arg)
{
    struct wrapper *w = arg;
    hidden_yield_until(1);
    gorc_mutex_lock(&w->mu);
    w->resolver->resolved++; /* HERE: read */
    gorc_mutex_unlock(&w->mu);
    gorc_wg_done(&w->wg);
}

static struct resolver *build(struct wrapper *w)
{
    static struct resolver r;
    gorc_mutex_lock(&w->mu);
    gorc_wg_add(&w->wg, 1);
    gorc_go(update, w); /* HERE: go */
    gorc_mutex_unlock(&w->mu);
    return &r;
}

static void new_wrapper(struct wrapper *w)
{
    struct resolver *r = build(w); /* HERE: build */
    w->resolver = r;               /* HERE: write */
    hidden_step();
}

int main(void)
{
    static struct wrapper w;
    new_wrapper(&w); /* HERE: new */
    gorc_wg_wait(&w.wg);
    return 0;
}
