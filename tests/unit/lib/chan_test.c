/* SPDX-License-Identifier: MIT
 *
 * Channels: rules C1 to C10 and C12 to C15, one by one (C11: typed_chan_test). Random programs are
 * in chan_model_test, many workers in chan_stress_test.
 */
#include "unit.h"

struct op {
    gorc_chan *c;
    int value;       /* to send, or received */
    bool ok;         /* receive's result */
    atomic_int done; /* 1 when the operation has returned */
};

static void send_op(void *arg)
{
    struct op *o = arg;
    gorc_chan_send(o->c, &o->value);
    atomic_store(&o->done, 1);
}

static void recv_op(void *arg)
{
    struct op *o = arg;
    o->ok = gorc_chan_recv(o->c, &o->value);
    atomic_store(&o->done, 1);
}

static int done(struct op *o)
{
    return atomic_load(&o->done);
}

static void start_send(struct op *o, gorc_chan *c, int value)
{
    *o = (struct op){.c = c, .value = value};
    gorc_go(send_op, o);
    settle();
}

static void start_recv(struct op *o, gorc_chan *c)
{
    *o = (struct op){.c = c, .value = -1};
    gorc_go(recv_op, o);
    settle();
}

static int recv_int(gorc_chan *c)
{
    int v = -1;
    CHECK(gorc_chan_recv(c, &v));
    return v;
}

static void send_int(gorc_chan *c, int v)
{
    gorc_chan_send(c, &v);
}

/* --- C1 --- */

Test(chan, c1_unbuffered_send_waits_for_the_receiver)
{
    one_worker();
    gorc_chan *c = gorc_chan_new(sizeof(int), 0);
    struct op s;
    start_send(&s, c, 7);
    CHECK(!done(&s));
    CHECK_EQ(recv_int(c), 7);
    settle();
    CHECK(done(&s));
    gorc_chan_unref(c);
}

Test(chan, c1_buffered_send_blocks_only_when_full)
{
    one_worker();
    gorc_chan *c = gorc_chan_new(sizeof(int), 3);
    for (int i = 0; i < 3; i++)
        send_int(c, i);
    struct op s;
    start_send(&s, c, 3);
    CHECK(!done(&s));
    for (int i = 0; i < 4; i++)
        CHECK_EQ(recv_int(c), i);
    settle();
    CHECK(done(&s));
    gorc_chan_unref(c);
}

/* C1: values and waiters are first in, first out. */
Test(chan, c1_waiting_senders_and_receivers_are_fifo)
{
    one_worker();
    gorc_chan *c = gorc_chan_new(sizeof(int), 0);
    struct op o[6];
    for (int i = 0; i < 6; i++)
        start_send(&o[i], c, i);
    for (int i = 0; i < 6; i++)
        CHECK_EQ(recv_int(c), i);
    settle();
    for (int i = 0; i < 6; i++)
        CHECK(done(&o[i]));
    for (int i = 0; i < 6; i++)
        start_recv(&o[i], c);
    for (int i = 0; i < 6; i++)
        send_int(c, 10 + i);
    settle();
    for (int i = 0; i < 6; i++) {
        CHECK(done(&o[i]));
        CHECK_EQ(o[i].value, 10 + i);
    }
    gorc_chan_unref(c);
}

/* C1: a receiver that waits gets the value, not one that comes by meanwhile. */
Test(chan, c1_waiter_beats_a_drive_by)
{
    one_worker();
    gorc_chan *c = gorc_chan_new(sizeof(int), 1);
    struct op r;
    start_recv(&r, c);
    send_int(c, 5);
    int v = -1;
    CHECK_EQ(gorc_chan_try_recv(c, &v), -EAGAIN);
    settle();
    CHECK(done(&r));
    CHECK_EQ(r.value, 5);
    gorc_chan_unref(c);
}

/* --- C2 --- */

Test(chan, c2_send_goes_straight_to_the_waiting_receiver)
{
    one_worker();
    gorc_chan *c = gorc_chan_new(sizeof(int), 4);
    struct op r;
    start_recv(&r, c);
    send_int(c, 9);
    CHECK_EQ(gorc_chan_len(c), 0);
    settle();
    CHECK(done(&r));
    CHECK_EQ(r.value, 9);
    CHECK(r.ok);
    gorc_chan_unref(c);
}

/* --- C3 --- */

Test(chan, c3_receive_from_full_channel_moves_the_waiting_sender_up)
{
    one_worker();
    gorc_chan *c = gorc_chan_new(sizeof(int), 2);
    send_int(c, 0);
    send_int(c, 1);
    struct op s[2];
    start_send(&s[0], c, 2);
    start_send(&s[1], c, 3);
    CHECK_EQ(recv_int(c), 0);
    CHECK_EQ(gorc_chan_len(c), 2);
    settle();
    CHECK(done(&s[0]));
    CHECK(!done(&s[1]));
    for (int i = 1; i < 4; i++)
        CHECK_EQ(recv_int(c), i);
    settle();
    gorc_chan_unref(c);
}

/* --- C4 --- */

Test(chan, c4_closed_channel_delivers_what_is_queued_then_zero)
{
    gorc_chan *c = gorc_chan_new(sizeof(int), 3);
    send_int(c, 1);
    send_int(c, 2);
    gorc_chan_close(c);
    int v = -1;
    CHECK(gorc_chan_recv(c, &v));
    CHECK_EQ(v, 1);
    CHECK_EQ(gorc_chan_try_recv(c, &v), 1);
    CHECK_EQ(v, 2);
    for (int i = 0; i < 3; i++) {
        v = -1;
        CHECK(!gorc_chan_recv(c, &v));
        CHECK_EQ(v, 0);
        v = -1;
        CHECK_EQ(gorc_chan_try_recv(c, &v), 0);
        CHECK_EQ(v, 0);
    }
    CHECK(!gorc_chan_recv(c, NULL));
    gorc_chan_unref(c);
}

/* --- C5 --- */

Test(chan, c5_close_wakes_all_receivers)
{
    one_worker();
    gorc_chan *c = gorc_chan_new(sizeof(int), 0);
    struct op r[5];
    for (int i = 0; i < 5; i++)
        start_recv(&r[i], c);
    gorc_chan_close(c);
    settle();
    for (int i = 0; i < 5; i++) {
        CHECK(done(&r[i]));
        CHECK(!r[i].ok);
        CHECK_EQ(r[i].value, 0);
    }
    gorc_chan_unref(c);
}

MISUSE_TEST(chan_misuse, c5_close_under_a_blocked_sender, "send on closed channel")
{
    gorc_procs(1);
    gorc_chan *c = gorc_chan_new(sizeof(int), 0);
    static struct op s;
    start_send(&s, c, 1);
    gorc_chan_close(c);
    return stay();
}

/* --- C6 --- */

MISUSE_TEST(chan_misuse, c6_send_on_closed_with_room, "send on closed channel")
{
    gorc_chan *c = gorc_chan_new(sizeof(int), 4);
    gorc_chan_close(c);
    send_int(c, 1);
    return 0;
}

MISUSE_TEST(chan_misuse, c6_try_send_on_closed, "send on closed channel")
{
    gorc_chan *c = gorc_chan_new(sizeof(int), 0);
    gorc_chan_close(c);
    int v = 1;
    gorc_chan_try_send(c, &v);
    return 0;
}

MISUSE_TEST(chan_misuse, c6_close_of_closed, "close of closed channel")
{
    gorc_chan *c = gorc_chan_new(sizeof(int), 0);
    gorc_chan_close(c);
    gorc_chan_close(c);
    return 0;
}

MISUSE_TEST(chan_misuse, c6_close_of_nil, "close of nil channel")
{
    gorc_chan_close(NULL);
    return 0;
}

/* --- C7 --- */

static void nil_send(void *arg)
{
    int v = 1;
    gorc_chan_send(NULL, &v);
    atomic_store((atomic_int *)arg, 1);
}

static void nil_recv(void *arg)
{
    gorc_chan_recv(NULL, NULL);
    atomic_store((atomic_int *)arg, 1);
}

CHILD(c7_nil)
{
    one_worker();
    static atomic_int returned;
    int v = 1;
    gorc_go(nil_send, &returned);
    gorc_go(nil_recv, &returned);
    settle();
    CHECK_EQ(atomic_load(&returned), 0);
    CHECK_EQ(gorc_num_goroutines(), 3);
    CHECK_EQ(gorc_chan_len(NULL), 0);
    CHECK_EQ(gorc_chan_cap(NULL), 0);
    CHECK(!gorc_chan_try_send(NULL, &v));
    CHECK_EQ(gorc_chan_try_recv(NULL, &v), -EAGAIN);
    return 7;
}

Test(chan, c7_nil_channel_blocks_for_ever)
{
    check_exit("c7_nil", 7, "");
}

Test(chan, c7_nil_channel_times_out)
{
    int v = 1;
    CHECK_EQ(gorc_chan_send_until(NULL, &v, gorc_now() + GORC_MILLISECOND), -ETIMEDOUT);
    CHECK_EQ(gorc_chan_recv_until(NULL, &v, gorc_now() + GORC_MILLISECOND), -ETIMEDOUT);
}

/* --- C8 --- */

Test(chan, c8_len_and_cap)
{
    one_worker();
    gorc_chan *c = gorc_chan_new(sizeof(int), 5);
    CHECK_EQ(gorc_chan_cap(c), 5);
    for (int i = 0; i < 5; i++) {
        CHECK_EQ(gorc_chan_len(c), i);
        send_int(c, i);
    }
    struct op s;
    start_send(&s, c, 5);
    CHECK_EQ(gorc_chan_len(c), 5);
    for (int i = 0; i <= 5; i++)
        recv_int(c);
    CHECK_EQ(gorc_chan_len(c), 0);
    settle();
    CHECK(done(&s));
    gorc_chan_unref(c);

    c = gorc_chan_new(sizeof(int), 0);
    start_send(&s, c, 1);
    CHECK_EQ(gorc_chan_len(c), 0); /* also with a sender that waits */
    CHECK_EQ(gorc_chan_cap(c), 0);
    recv_int(c);
    settle();
    gorc_chan_unref(c);
}

/* --- C9 --- */

MISUSE_TEST(chan_misuse, c9_impossible_capacity, "size out of range")
{
    gorc_chan_new(sizeof(int), SIZE_MAX / 2);
    return 0;
}

MISUSE_TEST(chan_misuse, c9_overflowing_size, "size out of range")
{
    gorc_chan_new(SIZE_MAX / 4, 8);
    return 0;
}

Test(chan, c9_zero_size_elements)
{
    gorc_chan *c = gorc_chan_new(0, 3);
    gorc_chan_send(c, NULL);
    gorc_chan_send(c, NULL);
    CHECK_EQ(gorc_chan_len(c), 2);
    CHECK(gorc_chan_recv(c, NULL));
    gorc_chan_close(c);
    CHECK(gorc_chan_recv(c, NULL));
    CHECK(!gorc_chan_recv(c, NULL));
    gorc_chan_unref(c);
}

/* --- C10 --- */

static void count_up(void *arg)
{
    struct op *o = arg;
    for (int i = 0; i < o->value; i++)
        gorc_chan_send(o->c, &i);
    gorc_chan_close(o->c);
}

/* C10: "for v := range c" ends when closed and drained. */
Test(chan, c10_range_ends_when_closed_and_drained)
{
    for (size_t cap = 0; cap < 4; cap++) {
        gorc_chan *c = gorc_chan_new(sizeof(int), cap);
        struct op o = {.c = c, .value = 100};
        gorc_go(count_up, &o);
        int n = 0;
        for (int v; gorc_chan_recv(c, &v); n++)
            CHECK_EQ(v, n);
        CHECK_EQ(n, 100);
        gorc_chan_unref(c);
    }
}

/* --- C12 --- */

static void fill_then_go(void *arg)
{
    struct op *o = arg;
    for (int i = 0; i < o->value; i++) {
        int v;
        gorc_chan *c = gorc_chan_new(sizeof(int), 1);
        send_int(c, 1);
        gorc_chan *copy = c;
        gorc_chan_send(o->c, &copy);
        /* Either side may get it, but one must: it was there before both looked. */
        if (gorc_chan_try_recv(c, &v) == 1)
            CHECK_EQ(v, 1);
        else
            CHECK_EQ(gorc_chan_len(c), 0);
        atomic_fetch_add(&o->done, 1);
    }
}

/* C12 (TestNonblockRecvRace): a try_recv of a channel that was closed, or had a value, before the
 * call never says "would block". */
Test(chan, c12_nonblocking_receive_is_consistent)
{
    gorc_chan *c = gorc_chan_new(sizeof(gorc_chan *), 0);
    struct op o = {.c = c, .value = scaled(2000)};
    gorc_go(fill_then_go, &o);
    for (int i = 0; i < o.value; i++) {
        gorc_chan *each;
        int v = -1;
        CHECK(gorc_chan_recv(c, &each));
        int r = gorc_chan_try_recv(each, &v);
        CHECK(r == 1 || r == -EAGAIN);
        await(&o.done, i + 1);
        CHECK_EQ(gorc_chan_try_recv(each, &v), -EAGAIN);
        gorc_chan_close(each);
        CHECK_EQ(gorc_chan_try_recv(each, &v), 0);
        gorc_chan_unref(each);
    }
    gorc_chan_unref(c);
}

static void close_it(void *arg)
{
    gorc_chan_close(arg);
}

/* C12: closed while the buffer holds a value: never "closed" before the value is out. */
Test(chan, c12_nonblocking_receive_races_with_close)
{
    for (int i = 0; i < scaled(2000); i++) {
        gorc_chan *c = gorc_chan_new(sizeof(int), 1);
        send_int(c, i);
        gorc_go(close_it, c);
        int v = -1;
        CHECK_EQ(gorc_chan_try_recv(c, &v), 1);
        CHECK_EQ(v, i);
        CHECK(!gorc_chan_recv(c, &v));
        gorc_chan_unref(c);
    }
}

Test(chan, c12_try_send)
{
    one_worker();
    gorc_chan *c = gorc_chan_new(sizeof(int), 0);
    int v = 3;
    CHECK(!gorc_chan_try_send(c, &v));
    struct op r;
    start_recv(&r, c);
    CHECK(gorc_chan_try_send(c, &v));
    settle();
    CHECK(done(&r));
    CHECK_EQ(r.value, 3);
    gorc_chan_unref(c);
    c = gorc_chan_new(sizeof(int), 1);
    CHECK(gorc_chan_try_send(c, &v));
    CHECK(!gorc_chan_try_send(c, &v));
    gorc_chan_unref(c);
}

/* --- C13 --- */

struct big {
    int words[40];
};

Test(chan, c13_value_is_the_one_at_send_time)
{
    gorc_chan *c = gorc_chan_new(sizeof(struct big), 2);
    struct big b = {{0}}, got;
    for (int i = 0; i < 40; i++)
        b.words[i] = i;
    gorc_chan_send(c, &b);
    memset(&b, 0xff, sizeof(b));
    CHECK(gorc_chan_recv(c, &got));
    for (int i = 0; i < 40; i++)
        CHECK_EQ(got.words[i], i);
    gorc_chan_unref(c);
}

/* --- C14: plain accesses, ordered by nothing but the channel --- */

struct baton {
    gorc_chan *c;
    gorc_chan *back;
    int plain;
    int rounds;
};

static void c14_peer(void *arg)
{
    struct baton *b = arg;
    for (int i = 0; i < b->rounds; i++) {
        b->plain++;
        gorc_chan_send(b->c, NULL); /* send -> receive */
        gorc_chan_send(b->c, NULL); /* the 2nd receive -> this send's return */
        b->plain++;
        gorc_chan_send(b->c, NULL);
    }
    b->plain++;
    gorc_chan_close(b->c); /* close -> the receive that finds it closed */
}

Test(chan, c14_unbuffered_orders_both_ways)
{
    struct baton b = {.c = gorc_chan_new(0, 0), .rounds = scaled(2000)};
    gorc_go(c14_peer, &b);
    for (int i = 0; i < b.rounds; i++) {
        gorc_chan_recv(b.c, NULL);
        CHECK_EQ(b.plain, 3 * i + 1); /* the peer is before its second send's return */
        b.plain++;
        gorc_chan_recv(b.c, NULL);
        gorc_chan_recv(b.c, NULL);
    }
    CHECK(!gorc_chan_recv(b.c, NULL));
    CHECK_EQ(b.plain, 3 * b.rounds + 1);
    gorc_chan_unref(b.c);
}

struct limited {
    gorc_chan *slots; /* capacity 1: a mutex */
    int plain;
    int rounds;
    gorc_waitgroup wg;
};

static void with_slot(void *arg)
{
    struct limited *l = arg;
    for (int i = 0; i < l->rounds; i++) {
        gorc_chan_send(l->slots, NULL);
        l->plain++;
        gorc_chan_recv(l->slots, NULL);
    }
    gorc_wg_done(&l->wg);
}

/* C14: the k-th receive happens before the (k+C)-th send completes. */
Test(chan, c14_buffered_channel_as_semaphore)
{
    static struct limited l;
    l.slots = gorc_chan_new(0, 1);
    l.rounds = scaled(3000);
    gorc_wg_add(&l.wg, 6);
    for (int i = 0; i < 6; i++)
        gorc_go(with_slot, &l);
    gorc_wg_wait(&l.wg);
    CHECK_EQ(l.plain, 6 * l.rounds);
    gorc_chan_unref(l.slots);
}

/* --- until --- */

Test(chan, c1_until_forms)
{
    one_worker();
    gorc_chan *c = gorc_chan_new(sizeof(int), 0);
    int v = 4;
    int64_t before = gorc_now();
    CHECK_EQ(gorc_chan_send_until(c, &v, before + 2 * GORC_MILLISECOND), -ETIMEDOUT);
    CHECK(gorc_now() >= before + 2 * GORC_MILLISECOND);
    CHECK_EQ(gorc_chan_recv_until(c, &v, gorc_now() - 1), -ETIMEDOUT);
    struct op o;
    start_recv(&o, c);
    CHECK_EQ(gorc_chan_send_until(c, &v, gorc_now() + GORC_SECOND), 0);
    settle();
    CHECK(done(&o));
    CHECK_EQ(o.value, 4);
    start_send(&o, c, 6);
    CHECK_EQ(gorc_chan_recv_until(c, &v, gorc_now() + GORC_SECOND), 1);
    CHECK_EQ(v, 6);
    gorc_chan_close(c);
    CHECK_EQ(gorc_chan_recv_until(c, &v, gorc_now() + GORC_SECOND), 0);
    CHECK_EQ(v, 0);
    settle();
    gorc_chan_unref(c);
}

/* References. */
Test(chan, l1_references_keep_the_channel)
{
    gorc_chan_unref(NULL);
    gorc_chan *c = gorc_chan_new(sizeof(int), 1);
    CHECK(gorc_chan_ref(c) == c);
    gorc_chan_unref(c);
    send_int(c, 1);
    CHECK_EQ(recv_int(c), 1);
    gorc_chan_unref(c);
}
