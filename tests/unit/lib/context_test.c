/* SPDX-License-Identifier: MIT
 *
 * Contexts: rules X1 to X16 (X9 and X17 have no C counterpart: docs/differences-from-go.md).
 */
#include "unit.h"

static bool is_closed(gorc_chan *c)
{
    return c && gorc_chan_try_recv(c, NULL) == 0;
}

static void check_live(gorc_ctx *ctx)
{
    CHECK_EQ(gorc_ctx_err(ctx), 0);
    CHECK_EQ(gorc_ctx_cause(ctx), 0);
    CHECK(!is_closed(gorc_ctx_done(ctx)));
}

static void check_cancelled(gorc_ctx *ctx, int err, int cause)
{
    CHECK_EQ(gorc_ctx_err(ctx), err);
    CHECK_EQ(gorc_ctx_cause(ctx), cause);
    CHECK(is_closed(gorc_ctx_done(ctx)));
    CHECK(!gorc_chan_recv(gorc_ctx_done(ctx), NULL));
}

/* X1 */
Test(context, x1_background_is_never_cancelled)
{
    gorc_ctx *ctx = gorc_ctx_background();
    int64_t deadline = 17;
    CHECK(ctx == gorc_ctx_background());
    CHECK(gorc_ctx_done(ctx) == NULL);
    CHECK_EQ(gorc_ctx_err(ctx), 0);
    CHECK_EQ(gorc_ctx_cause(ctx), 0);
    CHECK(!gorc_ctx_deadline(ctx, &deadline));
    CHECK_EQ(deadline, 17);
    CHECK(gorc_ctx_value(ctx, &deadline) == NULL);
    gorc_ctx_cancel(ctx);
    gorc_ctx_free(ctx);
    gorc_ctx_free(NULL);
    CHECK_EQ(gorc_ctx_err(ctx), 0);
}

/* X2 */
MISUSE_TEST(context_misuse, x2_with_cancel_of_nil, "cannot create context from nil parent")
{
    gorc_ctx_with_cancel(NULL);
    return 0;
}

MISUSE_TEST(context_misuse, x2_with_value_of_nil, "cannot create context from nil parent")
{
    static int key;
    gorc_ctx_with_value(NULL, &key, NULL);
    return 0;
}

MISUSE_TEST(context_misuse, x2_with_deadline_of_nil, "cannot create context from nil parent")
{
    gorc_ctx_with_deadline(NULL, 0);
    return 0;
}

MISUSE_TEST(context_misuse, x2_with_signal_of_nil, "cannot create context from nil parent")
{
    gorc_ctx_with_signal(NULL, NULL, 0);
    return 0;
}

MISUSE_TEST(context_misuse, x2_err_of_nil, "nil context")
{
    gorc_ctx_err(NULL);
    return 0;
}

MISUSE_TEST(context_misuse, x2_cancel_of_nil, "nil context")
{
    gorc_ctx_cancel(NULL);
    return 0;
}

MISUSE_TEST(context_misuse, x16_after_func_without_a_function, "go of nil function")
{
    gorc_ctx_after_func(gorc_ctx_background(), NULL, NULL);
    return 0;
}

/* X3, X4, X13 */
Test(context, x3_x4_x13_done_is_one_channel_and_err_does_not_change)
{
    gorc_ctx *ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_chan *done = gorc_ctx_done(ctx);
    CHECK(done != NULL);
    CHECK(done == gorc_ctx_done(ctx));
    check_live(ctx);
    gorc_ctx_cancel(ctx);
    CHECK(done == gorc_ctx_done(ctx));
    check_cancelled(ctx, -ECANCELED, -ECANCELED);
    gorc_ctx_cancel(ctx);
    gorc_ctx_cancel_cause(ctx, -EIO);
    check_cancelled(ctx, -ECANCELED, -ECANCELED);
    gorc_ctx_free(ctx);
}

/* X3: the channel may also be asked for after the cancellation. */
Test(context, x3_done_made_late_is_closed)
{
    gorc_ctx *ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_ctx_cancel(ctx);
    check_cancelled(ctx, -ECANCELED, -ECANCELED);
    CHECK(gorc_ctx_done(ctx) == gorc_ctx_done(ctx));
    gorc_ctx_free(ctx);
}

struct waiting {
    gorc_ctx *ctx;
    atomic_int woken;
    gorc_waitgroup wg;
};

static void wait_done(void *arg)
{
    struct waiting *w = arg;
    gorc_chan_recv(gorc_ctx_done(w->ctx), NULL);
    CHECK_EQ(gorc_ctx_err(w->ctx), -ECANCELED);
    atomic_fetch_add(&w->woken, 1);
    gorc_wg_done(&w->wg);
}

Test(context, x3_cancel_wakes_all_who_wait)
{
    one_worker();
    static struct waiting w;
    w.ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_wg_add(&w.wg, 10);
    for (int i = 0; i < 10; i++)
        gorc_go(wait_done, &w);
    settle();
    CHECK_EQ(atomic_load(&w.woken), 0);
    gorc_ctx_cancel(w.ctx);
    gorc_wg_wait(&w.wg);
    CHECK_EQ(atomic_load(&w.woken), 10);
    gorc_ctx_free(w.ctx);
}

/* X4: cancel does not wait for the work that it stops. */
Test(context, x4_cancel_does_not_wait)
{
    one_worker();
    static struct waiting w;
    w.ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_wg_add(&w.wg, 1);
    gorc_go(wait_done, &w);
    settle();
    gorc_ctx_cancel(w.ctx);
    CHECK_EQ(atomic_load(&w.woken), 0); /* one worker: it has not run */
    gorc_wg_wait(&w.wg);
    gorc_ctx_free(w.ctx);
}

static void cancel_it(void *arg)
{
    gorc_ctx_cancel(arg);
}

/* X4: concurrent cancels; after each one the whole tree is cancelled (X5). */
static void cancel_and_look(void *arg)
{
    struct waiting *w = arg;
    gorc_ctx_cancel(w->ctx);
    CHECK_EQ(gorc_ctx_err(w->ctx), -ECANCELED);
    gorc_wg_done(&w->wg);
}

Test(context, x4_cancel_is_concurrent_safe)
{
    for (int round = 0; round < scaled(300); round++) {
        struct waiting *w = calloc(1, sizeof *w);
        w->ctx = gorc_ctx_with_cancel(gorc_ctx_background());
        gorc_wg_add(&w->wg, 8);
        for (int i = 0; i < 8; i++)
            gorc_go(i % 2 ? cancel_and_look : wait_done, w);
        gorc_wg_wait(&w->wg);
        gorc_ctx_free(w->ctx);
        free(w);
    }
}

#define CHILDREN 40

/* X5 */
Test(context, x5_cancel_reaches_all_descendants_and_no_ancestor)
{
    static int key;
    gorc_ctx *root = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_ctx *top = gorc_ctx_with_value(root, &key, &key);
    gorc_ctx *child[CHILDREN], *grandchild[CHILDREN];
    for (int i = 0; i < CHILDREN; i++) {
        child[i] =
            i % 2 ? gorc_ctx_with_cancel(top) : gorc_ctx_with_timeout(top, GORC_SECOND * 1000);
        grandchild[i] = gorc_ctx_with_cancel(child[i]);
        check_live(grandchild[i]);
    }
    gorc_ctx_cancel(child[0]);
    check_cancelled(child[0], -ECANCELED, -ECANCELED);
    check_cancelled(grandchild[0], -ECANCELED, -ECANCELED);
    check_live(child[1]);
    check_live(root);
    gorc_ctx_cancel_cause(root, -EPIPE);
    check_cancelled(top, -ECANCELED, -EPIPE);
    for (int i = 1; i < CHILDREN; i++) {
        check_cancelled(child[i], -ECANCELED, -EPIPE);
        check_cancelled(grandchild[i], -ECANCELED, -EPIPE);
    }
    gorc_ctx_free(root);
    gorc_ctx_free(top);
    for (int i = 0; i < CHILDREN; i++) {
        gorc_ctx_free(child[i]);
        gorc_ctx_free(grandchild[i]);
    }
}

/* X5: children that were cancelled or freed are not kept: a parent that lives long does not grow.
 * The order of freeing is all the same. */
Test(context, x5_free_in_any_order)
{
    gorc_ctx *root = gorc_ctx_with_cancel(gorc_ctx_background());
    for (int i = 0; i < scaled(2000); i++) {
        gorc_ctx *a = gorc_ctx_with_cancel(root), *b = gorc_ctx_with_cancel(a),
                 *c = gorc_ctx_with_timeout(b, GORC_SECOND * 1000);
        gorc_ctx_free(i % 3 == 0 ? a : i % 3 == 1 ? b : c);
        if (i % 3 == 0)
            check_cancelled(c, -ECANCELED, -ECANCELED);
        gorc_ctx_free(i % 3 == 0 ? b : i % 3 == 1 ? c : a);
        gorc_ctx_free(i % 3 == 0 ? c : i % 3 == 1 ? a : b);
    }
    check_live(root);
    gorc_ctx_free(root);
}

#define DEEP 20000

/* X5: a long chain costs no stack. */
static void deep(void *arg)
{
    int n = scaled(DEEP);
    gorc_ctx **chain = calloc((size_t)n, sizeof *chain);
    chain[0] = gorc_ctx_with_cancel(gorc_ctx_background());
    for (int i = 1; i < n; i++)
        chain[i] = gorc_ctx_with_cancel(chain[i - 1]);
    for (int i = 0; i < n - 1; i++) /* cancels the first; the last keeps all */
        gorc_ctx_free(chain[i]);
    check_cancelled(chain[n - 1], -ECANCELED, -ECANCELED);
    gorc_ctx_free(chain[n - 1]);
    free(chain);
    gorc_wg_done(arg);
}

Test(context, x5_cancel_of_a_deep_tree)
{
    gorc_waitgroup wg = {0};
    gorc_wg_add(&wg, 1);
    gorc_go(deep, &wg);
    gorc_wg_wait(&wg);
}

/* X6 */
Test(context, x6_child_of_a_cancelled_parent)
{
    static int key;
    gorc_ctx *root = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_ctx_cancel_cause(root, -EIO);
    gorc_ctx *child = gorc_ctx_with_cancel(root), *timed = gorc_ctx_with_timeout(root, GORC_SECOND),
             *value = gorc_ctx_with_value(root, &key, NULL);
    check_cancelled(child, -ECANCELED, -EIO);
    check_cancelled(timed, -ECANCELED, -EIO);
    check_cancelled(value, -ECANCELED, -EIO);
    gorc_ctx_free(child);
    gorc_ctx_free(timed);
    gorc_ctx_free(value);
    gorc_ctx_free(root);
}

/* X7 */
Test(context, x7_past_deadlines_and_later_ones)
{
    gorc_ctx *bg = gorc_ctx_background();
    gorc_ctx *past = gorc_ctx_with_deadline(bg, gorc_now() - 1);
    gorc_ctx *none = gorc_ctx_with_timeout(bg, 0), *less = gorc_ctx_with_timeout(bg, -GORC_SECOND);
    check_cancelled(past, -ETIMEDOUT, -ETIMEDOUT);
    check_cancelled(none, -ETIMEDOUT, -ETIMEDOUT);
    check_cancelled(less, -ETIMEDOUT, -ETIMEDOUT);
    gorc_ctx_cancel(past);
    check_cancelled(past, -ETIMEDOUT, -ETIMEDOUT);

    int64_t now = gorc_now(), deadline = 0;
    gorc_ctx *soon = gorc_ctx_with_deadline(bg, now + GORC_SECOND * 500);
    gorc_ctx *later = gorc_ctx_with_deadline(soon, now + GORC_SECOND * 900);
    gorc_ctx *sooner = gorc_ctx_with_deadline(later, now + GORC_SECOND * 400);
    CHECK(gorc_ctx_deadline(later, &deadline));
    CHECK_EQ(deadline, now + GORC_SECOND * 500);
    CHECK(gorc_ctx_deadline(sooner, &deadline));
    CHECK_EQ(deadline, now + GORC_SECOND * 400);
    gorc_ctx *far = gorc_ctx_with_timeout(bg, INT64_MAX); /* saturates */
    CHECK(gorc_ctx_deadline(far, &deadline));
    CHECK(deadline > now);
    check_live(far);
    gorc_ctx *all[] = {past, none, less, sooner, later, soon, far};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        gorc_ctx_free(all[i]);
}

/* X7 */
Test(context, x7_deadline_passes)
{
    int64_t begin = gorc_now();
    gorc_ctx *ctx = gorc_ctx_with_timeout(gorc_ctx_background(), 20 * GORC_MILLISECOND);
    gorc_ctx *child = gorc_ctx_with_cancel(ctx);
    gorc_chan *done = gorc_ctx_done(child);
    CHECK(!gorc_chan_recv(done, NULL));
    CHECK(gorc_now() - begin >= 20 * GORC_MILLISECOND);
    check_cancelled(ctx, -ETIMEDOUT, -ETIMEDOUT);
    gorc_ctx_cancel(child);
    check_cancelled(child, -ETIMEDOUT, -ETIMEDOUT);
    gorc_ctx_free(child);
    gorc_ctx_free(ctx);
}

/* X8: cancel stops the timer: nothing is pending any more, so this deadlock is one. */
CHILD(x8_deadlock)
{
    gorc_ctx *ctx = gorc_ctx_with_timeout(gorc_ctx_background(), 1000 * GORC_SECOND);
    gorc_ctx_free(ctx);
    gorc_chan_recv(NULL, NULL);
    return 0;
}

Test(context, x8_cancel_stops_the_timer)
{
    check_exit("x8_deadlock", 2, "deadlock");
}

/* X8: freeing while the deadline passes. */
Test(context, x8_free_races_with_the_deadline)
{
    for (int i = 0; i < scaled(400); i++) {
        gorc_ctx *ctx = gorc_ctx_with_timeout(gorc_ctx_background(), i % 50 * GORC_MICROSECOND);
        gorc_ctx *child = gorc_ctx_with_cancel(ctx);
        gorc_yield();
        gorc_ctx_free(ctx);
        CHECK(gorc_ctx_err(child) != 0);
        gorc_ctx_free(child);
    }
}

static char key_1, key_2, key_3;

/* X10 */
Test(context, x10_values)
{
    gorc_ctx *bg = gorc_ctx_background();
    int one = 1, two = 2, other = 3;
    gorc_ctx *a = gorc_ctx_with_value(bg, &key_1, &one);
    gorc_ctx *b = gorc_ctx_with_cancel(a);
    gorc_ctx *c = gorc_ctx_with_value(b, &key_2, &two);
    gorc_ctx *d = gorc_ctx_with_value(c, &key_1, &other);
    gorc_ctx *e = gorc_ctx_with_value(d, &key_2, NULL);
    CHECK(gorc_ctx_value(a, &key_1) == &one);
    CHECK(gorc_ctx_value(a, &key_2) == NULL);
    CHECK(gorc_ctx_value(b, &key_1) == &one);
    CHECK(gorc_ctx_value(c, &key_1) == &one);
    CHECK(gorc_ctx_value(c, &key_2) == &two);
    CHECK(gorc_ctx_value(d, &key_1) == &other); /* the nearest */
    CHECK(gorc_ctx_value(e, &key_2) == NULL);
    CHECK(gorc_ctx_value(e, &key_3) == NULL);
    gorc_ctx_cancel(e); /* has no cancellation of its own */
    check_live(e);
    gorc_ctx *all[] = {a, b, c, d, e};
    for (int i = 0; i < 5; i++)
        gorc_ctx_free(all[i]);
}

MISUSE_TEST(context_misuse, x10_nil_key, "nil context key")
{
    gorc_ctx_with_value(gorc_ctx_background(), NULL, NULL);
    return 0;
}

/* X11 */
Test(context, x11_values_survive_cancel)
{
    int value;
    gorc_ctx *a = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_ctx *b = gorc_ctx_with_value(a, &key_1, &value);
    gorc_ctx *c = gorc_ctx_with_cancel(b);
    gorc_ctx_free(a);
    gorc_ctx_free(b);
    check_cancelled(c, -ECANCELED, -ECANCELED);
    CHECK(gorc_ctx_value(c, &key_1) == &value);
    gorc_ctx_free(c);
}

/* X14 */
Test(context, x14_cause_of_a_deadline_counts_only_when_it_passes)
{
    gorc_ctx *bg = gorc_ctx_background();
    gorc_ctx *a = gorc_ctx_with_timeout_cause(bg, GORC_SECOND * 1000, -EIO);
    gorc_ctx *b = gorc_ctx_with_timeout_cause(bg, 1, -EIO);
    gorc_ctx *c = gorc_ctx_with_deadline_cause(bg, 0, -EPIPE);
    gorc_ctx_cancel(a);
    check_cancelled(a, -ECANCELED, -ECANCELED);
    gorc_chan_recv(gorc_ctx_done(b), NULL);
    check_cancelled(b, -ETIMEDOUT, -EIO);
    check_cancelled(c, -ETIMEDOUT, -EPIPE);
    gorc_ctx_free(a);
    gorc_ctx_free(b);
    gorc_ctx_free(c);
}

/* X15 */
Test(context, x15_without_cancel)
{
    int value;
    gorc_ctx *a = gorc_ctx_with_value(gorc_ctx_background(), &key_1, &value);
    gorc_ctx *b = gorc_ctx_with_timeout(a, GORC_SECOND * 1000);
    gorc_ctx *c = gorc_ctx_without_cancel(b);
    gorc_ctx *d = gorc_ctx_with_cancel(c);
    gorc_ctx_cancel_cause(b, -EIO);
    CHECK(gorc_ctx_done(c) == NULL);
    CHECK_EQ(gorc_ctx_err(c), 0);
    CHECK_EQ(gorc_ctx_cause(c), 0);
    CHECK(!gorc_ctx_deadline(c, NULL));
    CHECK(gorc_ctx_value(c, &key_1) == &value);
    check_live(d);
    gorc_ctx *all[] = {a, b, c, d};
    for (int i = 0; i < 4; i++)
        gorc_ctx_free(all[i]);
}

/* --- X16 --- */

static atomic_int calls;
static gorc_waitgroup called;

static void count_call(void *arg)
{
    atomic_fetch_add(&calls, *(int *)arg);
    gorc_wg_done(&called);
}

Test(context, x16_after_func_runs_after_cancel)
{
    one_worker();
    int one = 1, ten = 10;
    gorc_ctx *ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_ctx *value = gorc_ctx_with_value(ctx, &key_1, NULL);
    gorc_wg_add(&called, 2);
    gorc_ctx_stop *a = gorc_ctx_after_func(ctx, count_call, &one);
    gorc_ctx_stop *b = gorc_ctx_after_func(value, count_call, &ten);
    gorc_ctx_stop *c = gorc_ctx_after_func(ctx, count_call, &one);
    settle();
    CHECK_EQ(atomic_load(&calls), 0);
    CHECK(gorc_ctx_stop_func(c)); /* the others are independent */
    gorc_ctx_cancel(ctx);
    gorc_wg_wait(&called);
    settle();
    CHECK_EQ(atomic_load(&calls), 11);
    CHECK(!gorc_ctx_stop_func(a));
    CHECK(!gorc_ctx_stop_func(b));
    CHECK(!gorc_ctx_stop_func(NULL));
    gorc_ctx_free(value);
    gorc_ctx_free(ctx);
}

/* Also where nothing else has started a goroutine before. */
Test(context, x16_after_func_runs_while_the_caller_is_busy, .timeout = 60)
{
    int one = 1;
    gorc_ctx *ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_wg_add(&called, 1);
    gorc_ctx_stop *s = gorc_ctx_after_func(ctx, count_call, &one);
    gorc_ctx_cancel(ctx);
    while (!atomic_load(&calls))
        ;
    gorc_wg_wait(&called);
    CHECK(!gorc_ctx_stop_func(s));
    gorc_ctx_free(ctx);
}

Test(context, x16_after_func_of_a_cancelled_context_runs_at_once)
{
    int one = 1;
    gorc_ctx *ctx = gorc_ctx_with_timeout(gorc_ctx_background(), 0);
    gorc_wg_add(&called, 1);
    gorc_ctx_stop *s = gorc_ctx_after_func(ctx, count_call, &one);
    gorc_wg_wait(&called);
    CHECK(!gorc_ctx_stop_func(s));
    gorc_ctx_free(ctx);
}

Test(context, x16_after_func_of_what_is_never_cancelled)
{
    gorc_ctx_stop *s = gorc_ctx_after_func(gorc_ctx_background(), count_call, NULL);
    CHECK(gorc_ctx_stop_func(s));
}

/* X16: at a deadline, from a timer; the function outlives context and handle. */
Test(context, x16_after_func_at_a_deadline)
{
    int one = 1;
    gorc_wg_add(&called, 1);
    gorc_ctx *ctx = gorc_ctx_with_timeout(gorc_ctx_background(), GORC_MILLISECOND);
    gorc_ctx_stop *s = gorc_ctx_after_func(ctx, count_call, &one);
    gorc_wg_wait(&called);
    CHECK(!gorc_ctx_stop_func(s));
    gorc_ctx_free(ctx);
}

static void wait_for_flag(void *arg)
{
    await(arg, 1);
    gorc_wg_done(&called);
}

/* X16: stop does not wait for a function that runs. */
Test(context, x16_stop_does_not_wait)
{
    static atomic_int flag;
    gorc_ctx *ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_wg_add(&called, 1);
    gorc_ctx_stop *s = gorc_ctx_after_func(ctx, wait_for_flag, &flag);
    gorc_ctx_cancel(ctx);
    CHECK(!gorc_ctx_stop_func(s));
    gorc_ctx_free(ctx);
    atomic_store(&flag, 1);
    gorc_wg_wait(&called);
}

/* X16: exactly one of stop and the function. */
Test(context, x16_stop_races_with_cancel)
{
    int one = 1, runs = 0, n = scaled(500);
    for (int i = 0; i < n; i++) {
        gorc_ctx *ctx = gorc_ctx_with_cancel(gorc_ctx_background());
        gorc_wg_add(&called, 1);
        gorc_ctx_stop *s = gorc_ctx_after_func(ctx, count_call, &one);
        gorc_waitgroup wg = {0};
        gorc_wg_go(&wg, cancel_it, ctx);
        if (i % 2)
            gorc_yield();
        if (gorc_ctx_stop_func(s))
            gorc_wg_done(&called);
        else
            runs++;
        gorc_wg_wait(&called);
        gorc_wg_wait(&wg);
        gorc_ctx_free(ctx);
    }
    CHECK_EQ(atomic_load(&calls), runs);
}

/* A context is freed twice. */
MISUSE_TEST(context_misuse, free_twice, "context freed twice")
{
    gorc_ctx *ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_ctx *child = gorc_ctx_with_cancel(ctx);
    gorc_ctx_free(ctx);
    gorc_ctx_free(ctx);
    gorc_ctx_free(child);
    return 0;
}
