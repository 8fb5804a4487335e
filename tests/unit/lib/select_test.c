/* SPDX-License-Identifier: MIT
 *
 * gorc_select: rules S2 to S7 and C15.
 */
#include "unit.h"

static gorc_chan *full(int v)
{
    gorc_chan *c = gorc_chan_new(sizeof(int), 1);
    gorc_chan_send(c, &v);
    return c;
}

/* --- S2 --- */

/* S2: of several ready cases each is taken about as often. 4 cases, 4000 rounds: 1000 each on
 * average; the bounds are 10 standard deviations off. */
Test(select, s2_choice_is_uniform)
{
    gorc_chan *c[4];
    int v, count[4] = {0};
    gorc_case cases[4];
    for (int i = 0; i < 4; i++)
        c[i] = full(i);
    for (int round = 0; round < 4000; round++) {
        for (int i = 0; i < 4; i++)
            cases[i] = gorc_case_recv(c[i], &v);
        int i = gorc_select(cases, 4);
        CHECK(i >= 0 && i < 4);
        CHECK_EQ(v, i);
        CHECK(cases[i].ok);
        count[i]++;
        gorc_chan_send(c[i], &i);
    }
    for (int i = 0; i < 4; i++)
        CHECK(count[i] > 726 && count[i] < 1274);
    for (int i = 0; i < 4; i++)
        gorc_chan_unref(c[i]);
}

/* S2 (TestPseudoRandomSend): two sends of the same select. */
Test(select, s2_random_send)
{
    gorc_chan *c = gorc_chan_new(sizeof(int), 1);
    int zero = 0, one = 1, ones = 0, v;
    for (int round = 0; round < 1000; round++) {
        gorc_case cases[2] = {gorc_case_send(c, &zero), gorc_case_send(c, &one)};
        int i = gorc_select(cases, 2);
        CHECK(gorc_chan_recv(c, &v));
        CHECK_EQ(v, i);
        ones += v;
    }
    CHECK(ones > 340 && ones < 660);
    gorc_chan_unref(c);
}

/* --- S3 --- */

Test(select, s3_default_only_when_none_is_ready)
{
    gorc_chan *c = gorc_chan_new(sizeof(int), 1);
    int v = 5, got = 0;
    gorc_case recv[1] = {gorc_case_recv(c, &got)};
    CHECK_EQ(gorc_select_try(recv, 1), -1);
    gorc_case send[2] = {gorc_case_send(c, &v), gorc_case_recv(NULL, NULL)};
    CHECK_EQ(gorc_select_try(send, 2), 0);
    CHECK_EQ(gorc_select_try(send, 2), -1);
    CHECK_EQ(gorc_select_try(recv, 1), 0);
    CHECK_EQ(got, 5);
    CHECK_EQ(gorc_select_try(NULL, 0), -1);
    gorc_chan_unref(c);
}

/* S3: one case is a plain operation. */
Test(select, s3_one_case)
{
    gorc_chan *c = full(8);
    int v = 0;
    gorc_case one[1] = {gorc_case_recv(c, &v)};
    CHECK_EQ(gorc_select(one, 1), 0);
    CHECK_EQ(v, 8);
    gorc_chan_unref(c);
}

static void select_nothing(void *arg)
{
    gorc_select(NULL, 0);
    atomic_store((atomic_int *)arg, 1);
}

static void select_nil(void *arg)
{
    gorc_case cases[2] = {gorc_case_recv(NULL, NULL), gorc_case_send(NULL, NULL)};
    gorc_select(cases, 2);
    atomic_store((atomic_int *)arg, 1);
}

CHILD(s3_empty)
{
    one_worker();
    static atomic_int returned;
    gorc_go(select_nothing, &returned);
    gorc_go(select_nil, &returned);
    settle();
    CHECK_EQ(atomic_load(&returned), 0);
    return 7;
}

/* S3: an empty select, and one of nil channels only, block for ever. */
Test(select, s3_empty_and_all_nil_block)
{
    check_exit("s3_empty", 7, "");
}

/* --- S4 --- */

Test(select, s4_receive_from_closed_is_ready)
{
    gorc_chan *closed = gorc_chan_new(sizeof(int), 0), *never = gorc_chan_new(sizeof(int), 0);
    gorc_chan_close(closed);
    int v = -1;
    for (int i = 0; i < 20; i++) {
        gorc_case cases[2] = {gorc_case_recv(never, &v), gorc_case_recv(closed, &v)};
        CHECK_EQ(gorc_select(cases, 2), 1);
        CHECK(!cases[1].ok);
        CHECK_EQ(v, 0);
    }
    gorc_chan_unref(closed);
    gorc_chan_unref(never);
}

MISUSE_TEST(select_misuse, s4_send_on_closed, "send on closed channel")
{
    gorc_chan *closed = gorc_chan_new(sizeof(int), 1), *never = gorc_chan_new(sizeof(int), 0);
    gorc_chan_close(closed);
    int v = 1;
    gorc_case cases[2] = {gorc_case_recv(never, &v), gorc_case_send(closed, &v)};
    gorc_select_try(cases, 2);
    return 0;
}

/* S4: another ready case that the poll meets first wins, so this ends in a misuse after a few
 * rounds at most; each round that does not has taken the value. */
MISUSE_TEST(select_misuse, s4_send_on_closed_beside_a_ready_case, "send on closed channel")
{
    gorc_chan *closed = gorc_chan_new(sizeof(int), 1), *ready = gorc_chan_new(sizeof(int), 1);
    gorc_chan_close(closed);
    for (int i = 0; i < 1000; i++) {
        int v = i, got = -1;
        gorc_chan_send(ready, &v);
        gorc_case cases[2] = {gorc_case_recv(ready, &got), gorc_case_send(closed, &v)};
        CHECK_EQ(gorc_select(cases, 2), 0);
        CHECK_EQ(got, i);
    }
    return 0;
}

/* --- S5 --- */

struct flow {
    gorc_chan *a, *b, *out;
    int n;
    gorc_waitgroup wg;
};

static void send_numbers(void *arg)
{
    struct flow *f = arg;
    for (int i = 0; i < f->n; i++) {
        gorc_case cases[2] = {gorc_case_send(f->a, &i), gorc_case_send(f->b, &i)};
        gorc_select(cases, 2);
    }
    gorc_chan_close(f->a);
    gorc_chan_close(f->b);
    gorc_wg_done(&f->wg);
}

static void forward(void *arg)
{
    struct flow *f = arg;
    gorc_chan *a = f->a, *b = f->b;
    while (a || b) {
        int v;
        gorc_case cases[2] = {gorc_case_recv(a, &v), gorc_case_recv(b, &v)};
        int i = gorc_select(cases, 2);
        if (cases[i].ok)
            gorc_chan_send(f->out, &v);
        else if (i == 0)
            a = NULL; /* C7: never ready again */
        else
            b = NULL;
    }
    gorc_wg_done(&f->wg);
}

static void close_out(void *arg)
{
    struct flow *f = arg;
    gorc_wg_wait(&f->wg);
    gorc_chan_close(f->out);
}

/* S5 (doubleselect.go): exactly one case fires; no value is lost or doubled. */
Test(select, s5_no_value_is_lost_or_doubled)
{
    for (size_t cap = 0; cap < 3; cap++) {
        struct flow f = {.n = scaled(10000)};
        f.a = gorc_chan_new(sizeof(int), cap);
        f.b = gorc_chan_new(sizeof(int), cap);
        f.out = gorc_chan_new(sizeof(int), 0);
        char *seen = calloc((size_t)f.n, 1);
        gorc_wg_add(&f.wg, 4);
        gorc_go(send_numbers, &f);
        for (int i = 0; i < 3; i++)
            gorc_go(forward, &f);
        gorc_go(close_out, &f);
        int total = 0;
        for (int v; gorc_chan_recv(f.out, &v); total++) {
            CHECK(v >= 0 && v < f.n);
            CHECK_EQ(seen[v]++, 0);
        }
        CHECK_EQ(total, f.n);
        free(seen);
        gorc_chan_unref(f.a);
        gorc_chan_unref(f.b);
        gorc_chan_unref(f.out);
    }
}

struct pick {
    gorc_chan *a, *b;
    int index, value;
    bool ok;
    atomic_int done;
};

static void pick_one(void *arg)
{
    struct pick *p = arg;
    gorc_case cases[2] = {gorc_case_recv(p->a, &p->value), gorc_case_recv(p->b, &p->value)};
    p->index = gorc_select(cases, 2);
    p->ok = cases[p->index].ok;
    atomic_store(&p->done, 1);
}

/* S5 (select6.go): the cases that lost are out of their channels' queues: a later sender does not
 * meet them. */
Test(select, s5_losing_cases_are_dequeued)
{
    one_worker();
    gorc_chan *a = gorc_chan_new(sizeof(int), 0), *b = gorc_chan_new(sizeof(int), 0);
    struct pick p[3];
    for (int i = 0; i < 3; i++) {
        p[i] = (struct pick){.a = a, .b = b};
        gorc_go(pick_one, &p[i]);
        settle();
    }
    int v = 1;
    CHECK(gorc_chan_try_send(b, &v));
    v = 2;
    CHECK(gorc_chan_try_send(a, &v));
    v = 3;
    CHECK(gorc_chan_try_send(b, &v));
    CHECK(!gorc_chan_try_send(a, &v));
    CHECK(!gorc_chan_try_send(b, &v));
    settle();
    for (int i = 0; i < 3; i++) {
        CHECK(atomic_load(&p[i].done));
        CHECK_EQ(p[i].value, i + 1);
        CHECK_EQ(p[i].index, i % 2 ? 0 : 1);
    }
    gorc_chan_unref(a);
    gorc_chan_unref(b);
}

/* --- S6 --- */

Test(select, s6_close_fires_a_blocked_receive_case)
{
    one_worker();
    struct pick p = {.a = gorc_chan_new(sizeof(int), 0), .b = gorc_chan_new(sizeof(int), 0)};
    p.value = -1;
    gorc_go(pick_one, &p);
    settle();
    gorc_chan_close(p.b);
    settle();
    CHECK(atomic_load(&p.done));
    CHECK_EQ(p.index, 1);
    CHECK(!p.ok);
    CHECK_EQ(p.value, 0);
    gorc_chan_unref(p.a);
    gorc_chan_unref(p.b);
}

static void select_send(void *arg)
{
    struct pick *p = arg;
    gorc_case cases[2] = {gorc_case_send(p->a, &p->value), gorc_case_recv(p->b, NULL)};
    gorc_select(cases, 2);
}

MISUSE_TEST(select_misuse, s6_close_under_a_blocked_send_case, "send on closed channel")
{
    gorc_procs(1);
    static struct pick p;
    p.a = gorc_chan_new(sizeof(int), 0);
    p.b = gorc_chan_new(sizeof(int), 0);
    gorc_go(select_send, &p);
    settle();
    gorc_chan_close(p.a);
    return stay();
}

/* --- S7 --- */

struct cross {
    gorc_chan *c[3], *done;
    int rounds;
    atomic_int moved; /* sends minus receives */
    gorc_waitgroup wg;
};

struct crosser {
    struct cross *x;
    int id;
};

/* A select over the same channels as the others', in another order, both sending and receiving; and
 * a receive from `done`. False when that was taken. */
static bool cross_once(struct cross *x, int id, int value)
{
    int got;
    gorc_case cases[7];
    for (int k = 0; k < 3; k++) {
        int at = id % 2 ? k : 2 - k;
        cases[2 * k] = gorc_case_send(x->c[at], &value);
        cases[2 * k + 1] = gorc_case_recv(x->c[at], &got);
    }
    cases[6] = gorc_case_recv(x->done, NULL);
    int taken = gorc_select(cases, 7);
    if (taken == 6)
        return false;
    atomic_fetch_add(&x->moved, taken % 2 ? -1 : 1);
    return true;
}

static void cross(void *arg)
{
    struct crosser *me = arg;
    for (int i = 0; i < me->x->rounds; i++)
        CHECK(cross_once(me->x, me->id, i));
    gorc_wg_done(&me->x->wg);
}

static void close_done(void *arg)
{
    struct cross *x = arg;
    gorc_wg_wait(&x->wg);
    gorc_chan_close(x->done);
}

/* S7, C15: locks in address order, whatever the order of the cases: no deadlock; all enqueued under
 * the locks: no lost wake-up. main is there for who has no other partner left. */
Test(select, s7_c15_cross_selects_do_not_deadlock, .timeout = 500)
{
    static struct cross x;
    struct crosser who[8];
    x.rounds = scaled(3000);
    x.done = gorc_chan_new(0, 0);
    for (int k = 0; k < 3; k++)
        x.c[k] = gorc_chan_new(sizeof(int), 0);
    gorc_wg_add(&x.wg, 8);
    for (int i = 0; i < 8; i++) {
        who[i] = (struct crosser){&x, i};
        gorc_go(cross, &who[i]);
    }
    gorc_go(close_done, &x);
    for (int i = 0; cross_once(&x, i, i); i++)
        ;
    CHECK_EQ(atomic_load(&x.moved), 0);
    for (int k = 0; k < 3; k++)
        gorc_chan_unref(x.c[k]);
    gorc_chan_unref(x.done);
}

/* --- C15 --- */

static void self_select(void *arg)
{
    struct crosser *me = arg;
    struct cross *x = me->x;
    for (int i = 0; i < x->rounds; i++) {
        int v = me->id, got = -1;
        gorc_case cases[2] = {gorc_case_send(x->c[0], &v), gorc_case_recv(x->c[0], &got)};
        if (gorc_select(cases, 2) == 1)
            CHECK(got != me->id);
    }
    gorc_wg_done(&x->wg);
}

/* C15 (TestSelfSelect): a select that sends and receives on one channel never pairs with itself. */
Test(select, c15_never_pairs_with_itself, .timeout = 500)
{
    static struct cross x;
    struct crosser who[2];
    x.rounds = scaled(10000);
    x.c[0] = gorc_chan_new(sizeof(int), 0);
    gorc_wg_add(&x.wg, 2);
    for (int i = 0; i < 2; i++) {
        who[i] = (struct crosser){&x, i};
        gorc_go(self_select, &who[i]);
    }
    gorc_wg_wait(&x.wg);
    gorc_chan_unref(x.c[0]);
}

/* C15: alone, it is not ready. */
Test(select, c15_self_select_alone_is_not_ready)
{
    gorc_chan *c = gorc_chan_new(sizeof(int), 0);
    int v = 1, got;
    gorc_case cases[2] = {gorc_case_send(c, &v), gorc_case_recv(c, &got)};
    CHECK_EQ(gorc_select_try(cases, 2), -1);
    gorc_chan_unref(c);
}

static void duplicate(void *arg)
{
    struct pick *p = arg;
    int v[2] = {-1, -1};
    gorc_case cases[3] = {
        gorc_case_recv(p->a, &v[0]), gorc_case_recv(p->b, NULL), gorc_case_recv(p->a, &v[1])};
    p->index = gorc_select(cases, 3);
    p->value = v[p->index / 2];
    CHECK_EQ(v[1 - p->index / 2], -1);
    atomic_store(&p->done, 1);
}

/* C15 (TestSelectDuplicateChannel): one channel in two cases; the other two goroutines that wait on
 * it stay in order. */
Test(select, c15_duplicate_channel)
{
    one_worker();
    gorc_chan *a = gorc_chan_new(sizeof(int), 0), *b = gorc_chan_new(sizeof(int), 0);
    struct pick p[3];
    for (int i = 0; i < 3; i++) {
        p[i] = (struct pick){.a = a, .b = b};
        gorc_go(i == 1 ? duplicate : pick_one, &p[i]);
        settle();
    }
    for (int i = 0; i < 3; i++) {
        int v = 10 + i;
        CHECK(gorc_chan_try_send(a, &v));
        settle();
        CHECK(atomic_load(&p[i].done));
        CHECK_EQ(p[i].value, 10 + i);
    }
    int v = 0;
    CHECK(!gorc_chan_try_send(a, &v));
    gorc_chan_unref(a);
    gorc_chan_unref(b);
}

/* --- time-outs --- */

Test(select, s3_after)
{
    gorc_chan *c = gorc_chan_new(sizeof(int), 0);
    int v;
    int64_t before = gorc_now();
    gorc_case cases[3] = {gorc_case_recv(c, &v), gorc_case_after(5 * GORC_MILLISECOND),
        gorc_case_after(100 * GORC_SECOND)};
    CHECK_EQ(gorc_select(cases, 3), 1);
    CHECK(gorc_now() - before >= 5 * GORC_MILLISECOND);
    gorc_chan_close(c);
    CHECK_EQ(gorc_select(cases, 3), 0);
    gorc_chan_unref(c);
}
