/* SPDX-License-Identifier: MIT
 *
 * Error groups: rules E1 to E6.
 */
#include "unit.h"

static int zero(void *arg)
{
    (void)arg;
    return 0;
}

static int count(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
    return 0;
}

/* E1: without a context, as Go's zero Group. */
Test(errgroup, e1_group_without_a_context)
{
    static atomic_int n;
    gorc_group *g = gorc_group_new(NULL, NULL);
    CHECK_EQ(gorc_group_wait(g), 0);
    g = gorc_group_new(NULL, NULL);
    for (int i = 0; i < 100; i++)
        gorc_group_go(g, count, &n);
    CHECK_EQ(gorc_group_wait(g), 0);
    CHECK_EQ(atomic_load(&n), 100);
}

/* --- E2: the first error in time --- */

struct turn {
    atomic_int *now;
    int when, result;
};

static int in_turn(void *arg)
{
    struct turn *t = arg;
    await(t->now, t->when);
    atomic_fetch_add(t->now, 1);
    return t->result;
}

Test(errgroup, e2_wait_returns_the_first_error)
{
    one_worker();
    static atomic_int now;
    struct turn turns[] = {{&now, 3, -EPIPE}, {&now, 2, 0}, {&now, 1, -EIO}, {&now, 0, 0}};
    gorc_group *g = gorc_group_new(NULL, NULL);
    for (int i = 0; i < 4; i++)
        gorc_group_go(g, in_turn, &turns[i]);
    CHECK_EQ(gorc_group_wait(g), -EIO);
    CHECK_EQ(atomic_load(&now), 4); /* all were waited for */
}

/* --- E3 --- */

static int fail_with(void *arg)
{
    return *(int *)arg;
}

static int until_cancelled(void *arg)
{
    gorc_chan_recv(gorc_ctx_done(arg), NULL);
    CHECK_EQ(gorc_ctx_err(arg), -ECANCELED);
    return gorc_ctx_cause(arg);
}

Test(errgroup, e3_first_error_cancels_the_context)
{
    int error = -EDOM;
    gorc_ctx *ctx;
    gorc_group *g = gorc_group_new(gorc_ctx_background(), &ctx);
    for (int i = 0; i < 10; i++)
        gorc_group_go(g, until_cancelled, ctx);
    CHECK_EQ(gorc_ctx_err(ctx), 0);
    gorc_group_go(g, fail_with, &error);
    CHECK_EQ(gorc_group_wait(g), -EDOM);
    CHECK_EQ(gorc_ctx_err(ctx), -ECANCELED);
    CHECK_EQ(gorc_ctx_cause(ctx), -EDOM);
    gorc_ctx_free(ctx);
}

Test(errgroup, e3_wait_cancels_the_context)
{
    gorc_ctx *ctx;
    gorc_group *g = gorc_group_new(gorc_ctx_background(), &ctx);
    gorc_group_go(g, zero, NULL);
    CHECK_EQ(gorc_group_wait(g), 0);
    CHECK_EQ(gorc_ctx_err(ctx), -ECANCELED);
    CHECK_EQ(gorc_ctx_cause(ctx), -ECANCELED);
    gorc_ctx_free(ctx);
}

Test(errgroup, e3_parent_cancels_the_group)
{
    gorc_ctx *ctx, *parent = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_group *g = gorc_group_new(parent, &ctx);
    gorc_group_go(g, until_cancelled, ctx);
    gorc_ctx_cancel_cause(parent, -EIO);
    CHECK_EQ(gorc_group_wait(g), -EIO);
    gorc_ctx_free(ctx);
    gorc_ctx_free(parent);
}

MISUSE_TEST(errgroup_misuse, e3_nil_parent, "cannot create context from nil parent")
{
    gorc_ctx *ctx;
    gorc_group_new(NULL, &ctx);
    return 0;
}

/* --- E4 --- */

struct busy {
    atomic_int active, most, done;
};

static int be_active(void *arg)
{
    struct busy *b = arg;
    int n = atomic_fetch_add(&b->active, 1) + 1, most = atomic_load(&b->most);
    while (n > most && !atomic_compare_exchange_weak(&b->most, &most, n))
        ;
    gorc_yield();
    atomic_fetch_sub(&b->active, 1);
    atomic_fetch_add(&b->done, 1);
    return 0;
}

Test(errgroup, e4_limit_is_kept)
{
    static struct busy b;
    gorc_group *g = gorc_group_new(NULL, NULL);
    gorc_group_set_limit(g, 3);
    int n = scaled(500);
    for (int i = 0; i < n; i++)
        gorc_group_go(g, be_active, &b);
    CHECK_EQ(gorc_group_wait(g), 0);
    CHECK_EQ(atomic_load(&b.done), n);
    CHECK(atomic_load(&b.most) <= 3);
}

struct blocked {
    gorc_group *g;
    gorc_chan *gate;
    atomic_int started, returned;
};

static int hold(void *arg)
{
    struct blocked *b = arg;
    atomic_fetch_add(&b->started, 1);
    gorc_chan_recv(b->gate, NULL);
    return 0;
}

static void go_third(void *arg)
{
    struct blocked *b = arg;
    gorc_group_go(b->g, hold, b);
    atomic_fetch_add(&b->returned, 1);
}

/* E4, E5: go blocks at the limit, try_go refuses. */
Test(errgroup, e4_e5_go_blocks_and_try_go_refuses_at_the_limit)
{
    one_worker();
    static struct blocked b;
    gorc_waitgroup wg = {0};
    b.g = gorc_group_new(NULL, NULL);
    b.gate = gorc_chan_new(0, 0);
    gorc_group_set_limit(b.g, 2);
    CHECK(gorc_group_try_go(b.g, hold, &b));
    CHECK(gorc_group_try_go(b.g, hold, &b));
    CHECK(!gorc_group_try_go(b.g, hold, &b));
    gorc_wg_go(&wg, go_third, &b);
    settle();
    CHECK_EQ(atomic_load(&b.started), 2);
    CHECK_EQ(atomic_load(&b.returned), 0);
    gorc_chan_send(b.gate, NULL);
    gorc_wg_wait(&wg);
    settle();
    CHECK_EQ(atomic_load(&b.started), 3);
    gorc_chan_close(b.gate);
    CHECK_EQ(gorc_group_wait(b.g), 0);
    gorc_chan_unref(b.gate);
}

/* E4: no limit, and a changed one. */
Test(errgroup, e4_limit_may_change_between_uses)
{
    static struct busy b;
    gorc_group *g = gorc_group_new(NULL, NULL);
    gorc_group_set_limit(g, 2);
    gorc_group_set_limit(g, -1);
    gorc_chan *gate = gorc_chan_new(0, 0);
    struct blocked all = {.g = g, .gate = gate};
    for (int i = 0; i < 50; i++)
        CHECK(gorc_group_try_go(g, hold, &all));
    gorc_chan_close(gate);
    gorc_group_go(g, be_active, &b);
    CHECK_EQ(gorc_group_wait(g), 0);
    gorc_chan_unref(gate);
}

CHILD(e4_zero)
{
    gorc_group *g = gorc_group_new(NULL, NULL);
    gorc_group_set_limit(g, 0);
    if (gorc_group_try_go(g, zero, NULL))
        return 1;
    gorc_group_go(g, zero, NULL);
    return 0;
}

/* E4: a limit of 0 blocks everything. */
Test(errgroup_deadlock, e4_limit_zero_blocks)
{
    check_exit("e4_zero", 2, "deadlock");
}

static int for_ever(void *arg)
{
    (void)arg;
    gorc_chan_recv(NULL, NULL);
    return 0;
}

MISUSE_TEST(errgroup_misuse, e4_limit_changed_while_active,
    "errgroup limit changed while goroutines in the group are active")
{
    gorc_group *g = gorc_group_new(NULL, NULL);
    gorc_group_set_limit(g, 3);
    gorc_group_go(g, for_ever, NULL);
    gorc_group_set_limit(g, 4);
    return 0;
}

/* --- E6 --- */

struct late {
    gorc_ctx *ctx;
    int result;
    atomic_int *ended;
};

static int end_late(void *arg)
{
    struct late *l = arg;
    gorc_chan_recv(gorc_ctx_done(l->ctx), NULL);
    settle_rounds(10);
    atomic_fetch_add(l->ended, 1);
    return l->result;
}

Test(errgroup, e6_later_errors_are_dropped_and_others_run_on)
{
    static atomic_int ended;
    int error = -EIO;
    gorc_ctx *ctx;
    gorc_group *g = gorc_group_new(gorc_ctx_background(), &ctx);
    struct late late = {ctx, -EPIPE, &ended};
    for (int i = 0; i < 8; i++)
        gorc_group_go(g, end_late, &late);
    gorc_group_go(g, fail_with, &error);
    CHECK_EQ(gorc_group_wait(g), -EIO);
    CHECK_EQ(atomic_load(&ended), 8);
    CHECK_EQ(gorc_ctx_cause(ctx), -EIO);
    gorc_ctx_free(ctx);
}

/* --- beyond the rules --- */

static int exit_goroutine(void *arg)
{
    (void)arg;
    gorc_goexit();
}

Test(errgroup, e2_goexit_counts_as_the_end)
{
    gorc_group *g = gorc_group_new(NULL, NULL);
    gorc_group_set_limit(g, 1);
    for (int i = 0; i < 10; i++)
        gorc_group_go(g, exit_goroutine, NULL);
    CHECK_EQ(gorc_group_wait(g), 0);
}

struct nest {
    gorc_group *g;
    int depth;
    atomic_int *n;
};

static int go_on(void *arg)
{
    struct nest *s = arg;
    atomic_fetch_add(s->n, 1);
    if (s->depth > 0) {
        struct nest *next = malloc(sizeof *next);
        *next = (struct nest){s->g, s->depth - 1, s->n};
        gorc_group_go(s->g, go_on, next);
    }
    free(s);
    return 0;
}

Test(errgroup, e2_goroutines_of_the_group_start_others)
{
    static atomic_int n;
    gorc_group *g = gorc_group_new(NULL, NULL);
    struct nest *first = malloc(sizeof *first);
    *first = (struct nest){g, 99, &n};
    gorc_group_go(g, go_on, first);
    CHECK_EQ(gorc_group_wait(g), 0);
    CHECK_EQ(atomic_load(&n), 100);
}

MISUSE_TEST(errgroup_misuse, go_nil, "go of nil function")
{
    gorc_group_go(gorc_group_new(NULL, NULL), NULL, NULL);
    return 0;
}

MISUSE_TEST(errgroup_misuse, nil_group, "nil errgroup")
{
    gorc_group_wait(NULL);
    return 0;
}

/* L1: the group's memory goes with wait; whoever ended last touches it no more. */
Test(errgroup, l1_wait_frees_the_group)
{
    for (int i = 0; i < scaled(2000); i++) {
        static atomic_int n;
        gorc_group *g = gorc_group_new(NULL, NULL);
        gorc_group_set_limit(g, 2);
        for (int k = 0; k < 3; k++)
            gorc_group_go(g, count, &n);
        CHECK_EQ(gorc_group_wait(g), 0);
    }
}
