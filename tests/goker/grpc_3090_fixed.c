/* SPDX-License-Identifier: MIT
 *
 * Repaired: the resolver is set under the lock, within which the goroutine is started.
 */
#include <gorc.h>

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
    gorc_mutex_lock(&w->mu);
    w->resolver->resolved++;
    gorc_mutex_unlock(&w->mu);
    gorc_wg_done(&w->wg);
}

static struct resolver *build(struct wrapper *w)
{
    static struct resolver r;
    gorc_wg_add(&w->wg, 1);
    gorc_go(update, w);
    return &r;
}

static void new_wrapper(struct wrapper *w)
{
    gorc_mutex_lock(&w->mu);
    w->resolver = build(w);
    gorc_mutex_unlock(&w->mu);
}

int main(void)
{
    static struct wrapper w;
    new_wrapper(&w);
    gorc_wg_wait(&w.wg);
    return 0;
}
