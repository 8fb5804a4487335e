/* SPDX-License-Identifier: MIT
 *
 * Typed and directional channels: rule C11, as far as it runs. What must not compile is in
 * tests/unit/typed_chan_compile.sh.
 */
#include "unit.h"

struct job {
    int id;
    double weight;
};

GORC_CHAN(jobs, struct job)
GORC_CHAN(names, const char *)
GORC_CHAN(replies, jobs)

static void produce(void *arg)
{
    jobs_tx out = jobs_tx_of(*(jobs *)arg);
    for (int i = 0; i < 100; i++)
        jobs_send(out, (struct job){i, i / 2.0});
    jobs_close(out);
}

Test(typed_chan, c11_send_and_receive_by_direction)
{
    jobs c = jobs_new(4);
    CHECK(c.chan);
    CHECK_EQ(jobs_cap(c), 4);
    gorc_go(produce, &c);
    jobs_rx in = jobs_rx_of(c);
    struct job j;
    int n = 0;
    while (jobs_recv(in, &j)) {
        CHECK_EQ(j.id, n);
        CHECK(j.weight == n / 2.0);
        n++;
    }
    CHECK_EQ(n, 100);
    jobs_unref(c);
}

Test(typed_chan, c11_try_and_until_forms)
{
    jobs c = jobs_new(1);
    jobs_tx tx = jobs_tx_of(c);
    jobs_rx rx = jobs_rx_of(c);
    struct job j = {1, 1};
    CHECK_EQ(jobs_try_recv(rx, &j), -EAGAIN);
    CHECK(jobs_try_send(tx, (struct job){5, 0.5}));
    CHECK(!jobs_try_send(tx, j));
    CHECK_EQ(jobs_len(c), 1);
    CHECK_EQ(jobs_send_until(tx, j, gorc_now()), -ETIMEDOUT);
    CHECK_EQ(jobs_recv_until(rx, &j, gorc_now() + GORC_SECOND), 1);
    CHECK_EQ(j.id, 5);
    jobs_close(tx);
    CHECK_EQ(jobs_try_recv(rx, &j), 0);
    CHECK_EQ(j.id, 0);
    jobs_unref(jobs_ref(c));
    jobs_unref(c);
}

Test(typed_chan, c11_select_cases)
{
    jobs c = jobs_new(1);
    names n = names_new(1);
    struct job j = {3, 3}, got = {0, 0};
    const char *name = NULL;
    gorc_case cases[2] = {
        jobs_case_send(jobs_tx_of(c), &j), names_case_recv(names_rx_of(n), &name)};
    CHECK_EQ(gorc_select(cases, 2), 0);
    names_send(names_tx_of(n), "gopher");
    CHECK_EQ(gorc_select(cases, 2), 1);
    CHECK(strcmp(name, "gopher") == 0);
    gorc_case one[1] = {jobs_case_recv(jobs_rx_of(c), &got)};
    CHECK_EQ(gorc_select_try(one, 1), 0);
    CHECK_EQ(got.id, 3);
    jobs_unref(c);
    names_unref(n);
}

/* A channel of channels. */
static void serve(void *arg)
{
    replies c = {(gorc_chan *)arg};
    jobs each;
    while (replies_recv(replies_rx_of(c), &each)) {
        jobs_send(jobs_tx_of(each), (struct job){42, 0});
        jobs_unref(each);
    }
    replies_unref(c);
}

Test(typed_chan, c11_channel_of_channels)
{
    replies c = replies_new(0);
    gorc_go(serve, replies_ref(c).chan);
    for (int i = 0; i < 10; i++) {
        jobs mine = jobs_new(0);
        struct job j;
        replies_send(replies_tx_of(c), jobs_ref(mine));
        CHECK(jobs_recv(jobs_rx_of(mine), &j));
        CHECK_EQ(j.id, 42);
        jobs_unref(mine);
    }
    replies_close(replies_tx_of(c));
    replies_unref(c);
}
