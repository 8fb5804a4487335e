/* SPDX-License-Identifier: MIT
 *
 * gorc_sleep and gorc_after: the parts of T1 and T2 that this library has.
 */
#include "unit.h"

Test(sleep, t1_not_positive_returns_at_once)
{
    gorc_sleep(0);
    gorc_sleep(-5);
    gorc_sleep(INT64_MIN);
}

Test(sleep, t1_sleeps_at_least_that_long)
{
    for (int i = 1; i <= 5; i++) {
        int64_t before = gorc_now();
        gorc_sleep(i * GORC_MILLISECOND);
        CHECK(gorc_now() - before >= i * GORC_MILLISECOND);
    }
}

struct sleeper {
    int64_t ns;
    gorc_chan *done;
};

static void sleep_and_tell(void *arg)
{
    struct sleeper *s = arg;
    int64_t before = gorc_now();
    gorc_sleep(s->ns);
    CHECK(gorc_now() - before >= s->ns);
    gorc_chan_send(s->done, &s->ns);
}

/* Sleepers wake in the order of their deadlines. The steps are far longer than any jitter between
 * the starts; one worker runs them in the order in which they wake. */
Test(sleep, t1_many_sleepers)
{
    enum { N = 200 };
    static struct sleeper s[N];
    gorc_chan *done = gorc_chan_new(sizeof(int64_t), N);
    for (int i = 0; i < N; i++) {
        s[i] = (struct sleeper){(int64_t)((i * 7919) % N) * 100 * GORC_MICROSECOND, done};
        gorc_go(sleep_and_tell, &s[i]);
    }
    int64_t sum = 0, ns;
    for (int i = 0; i < N; i++) {
        gorc_chan_recv(done, &ns);
        sum += ns;
    }
    CHECK_EQ(sum, (int64_t)N * (N - 1) / 2 * 100 * GORC_MICROSECOND);
    gorc_chan_unref(done);
}

Test(sleep, t2_after_sends_the_time_once)
{
    int64_t before = gorc_now(), when = 0, again;
    gorc_chan *c = gorc_after(3 * GORC_MILLISECOND);
    CHECK(gorc_chan_recv(c, &when));
    CHECK(when - before >= 3 * GORC_MILLISECOND);
    CHECK_EQ(gorc_chan_try_recv(c, &again), -EAGAIN);
    gorc_chan_unref(c);
}

/* The channel may be dropped before the time has passed. */
Test(sleep, t2_after_may_be_dropped_early)
{
    for (int i = 0; i < 100; i++)
        gorc_chan_unref(gorc_after((i % 3) * GORC_MILLISECOND));
    gorc_sleep(5 * GORC_MILLISECOND);
}

/* T9: a duration that overflows the clock is for ever, not the past. */
Test(sleep, t9_overflow_saturates)
{
    gorc_chan *c = gorc_after(INT64_MAX);
    int64_t v;
    gorc_sleep(2 * GORC_MILLISECOND);
    CHECK_EQ(gorc_chan_try_recv(c, &v), -EAGAIN);
    gorc_case cases[2] = {gorc_case_after(INT64_MAX), gorc_case_after(GORC_MILLISECOND)};
    CHECK_EQ(gorc_select(cases, 2), 1);
    gorc_chan_unref(c);
}
