/* SPDX-License-Identifier: MIT
 *
 * Scale: 200,000 goroutines each blocked on its own channel, then released; 10,000 in a ring that
 * pass a token 100 times.
 */
#include "unit.h"

struct waiter {
    gorc_chan *c;
    atomic_long *sum;
    gorc_waitgroup *wg;
};

static void wait_on_own(void *arg)
{
    struct waiter *w = arg;
    int v = 0;
    CHECK(gorc_chan_recv(w->c, &v));
    atomic_fetch_add(w->sum, v);
    gorc_wg_done(w->wg);
}

Test(many, blocked_each_on_its_own_channel, .timeout = 500)
{
    int n = scaled(200000);
    struct waiter *w = calloc((size_t)n, sizeof(*w));
    static atomic_long sum;
    static gorc_waitgroup wg;
    gorc_wg_add(&wg, n);
    for (int i = 0; i < n; i++) {
        w[i] = (struct waiter){gorc_chan_new(sizeof(int), 0), &sum, &wg};
        CHECK(w[i].c);
        gorc_go(wait_on_own, &w[i]);
    }
    CHECK_EQ(gorc_num_goroutines(), n + 1);
    for (int i = 0; i < n; i++)
        gorc_chan_send(w[i].c, &i);
    gorc_wg_wait(&wg);
    CHECK_EQ(atomic_load(&sum), (long)n * (n - 1) / 2);
    for (int i = 0; i < n; i++)
        gorc_chan_unref(w[i].c);
    free(w);
}

struct link {
    gorc_chan *in, *out;
    gorc_waitgroup *wg;
};

static void pass_on(void *arg)
{
    struct link *l = arg;
    for (int token; gorc_chan_recv(l->in, &token);) {
        token++;
        gorc_chan_send(l->out, &token);
    }
    gorc_chan_close(l->out);
    gorc_wg_done(l->wg);
}

Test(many, ring_of_ten_thousand, .timeout = 500)
{
    int n = 10000, rounds = scaled(100);
    struct link *l = calloc((size_t)n, sizeof(*l));
    static gorc_waitgroup wg;
    gorc_chan *first = gorc_chan_new(sizeof(int), 0), *in = first;
    gorc_wg_add(&wg, n);
    for (int i = 0; i < n; i++) {
        l[i] = (struct link){in, gorc_chan_new(sizeof(int), 0), &wg};
        in = l[i].out;
        gorc_go(pass_on, &l[i]);
    }
    int token = 0;
    for (int r = 0; r < rounds; r++) {
        gorc_chan_send(first, &token);
        CHECK(gorc_chan_recv(in, &token));
        CHECK_EQ(token, (r + 1) * n);
    }
    gorc_chan_close(first);
    CHECK(!gorc_chan_recv(in, &token));
    gorc_wg_wait(&wg);
    gorc_chan_unref(first);
    for (int i = 0; i < n; i++)
        gorc_chan_unref(l[i].out);
    free(l);
}
