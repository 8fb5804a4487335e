/* SPDX-License-Identifier: MIT
 *
 * Timers and tickers: T2 to T9. Orders are made by channels; where time itself is the subject, a
 * test asks for "not before", never for "not after" a small bound.
 */
#include "unit.h"

#include <pthread.h>

#define MS GORC_MILLISECOND

/* --- T2, T8: a timer's channel --- */

Test(timer, t2_sends_once_not_before_its_time)
{
    int64_t before = gorc_now(), when = 0;
    gorc_timer *t = gorc_timer_new(3 * MS);
    CHECK(gorc_chan_recv(gorc_timer_chan(t), &when));
    CHECK(when - before >= 3 * MS);
    CHECK(gorc_now() >= when);
    CHECK_EQ(gorc_chan_try_recv(gorc_timer_chan(t), &when), -EAGAIN);
    gorc_timer_free(t);
}

Test(timer, t2_not_positive_fires_at_once)
{
    const int64_t durations[] = {0, -1, INT64_MIN};
    for (int i = 0; i < 3; i++) {
        gorc_timer *t = gorc_timer_new(durations[i]);
        CHECK_EQ(gorc_chan_try_recv(gorc_timer_chan(t), NULL), 1);
        gorc_timer_free(t);
    }
}

Test(timer, t8_length_and_capacity_are_zero)
{
    gorc_timer *t = gorc_timer_new(0);
    gorc_chan *c = gorc_timer_chan(t);
    CHECK_EQ(gorc_chan_len(c), 0);
    CHECK_EQ(gorc_chan_cap(c), 0);
    gorc_sleep(MS); /* its value waits to be received */
    CHECK_EQ(gorc_chan_len(c), 0);
    CHECK_EQ(gorc_chan_try_recv(c, NULL), 1);
    gorc_timer_free(t);
    c = gorc_after(0);
    CHECK_EQ(gorc_chan_len(c), 0);
    CHECK_EQ(gorc_chan_cap(c), 0);
    gorc_chan_unref(c);
}

/* The value is of the time of firing, however late it is read. */
Test(timer, t8_value_is_when_it_fired)
{
    int64_t before = gorc_now(), when;
    gorc_timer *t = gorc_timer_new(2 * MS);
    int64_t after = gorc_now();
    gorc_sleep(30 * MS);
    CHECK(gorc_chan_recv(gorc_timer_chan(t), &when));
    CHECK(when >= before + 2 * MS && when <= after + 2 * MS);
    gorc_timer_free(t);
}

Test(timer, t8_no_stale_value_after_stop)
{
    for (int i = 0; i < 100; i++) {
        gorc_timer *t = gorc_timer_new(0); /* has fired */
        CHECK(gorc_timer_stop(t));         /* nobody has received: it was stopped in time */
        CHECK_EQ(gorc_chan_try_recv(gorc_timer_chan(t), NULL), -EAGAIN);
        CHECK(!gorc_timer_stop(t));
        gorc_timer_free(t);
    }
}

Test(timer, t8_no_stale_value_after_reset)
{
    for (int i = 0; i < 100; i++) {
        int64_t when;
        gorc_timer *t = gorc_timer_new(0);
        int64_t now = gorc_now();
        CHECK(gorc_timer_reset(t, MS));
        CHECK_EQ(
            gorc_chan_recv_until(gorc_timer_chan(t), &when, gorc_now() + 100 * GORC_SECOND), 1);
        CHECK(when >= now + MS);
        gorc_timer_free(t);
    }
}

/* --- T4, T5 --- */

Test(timer, t4_stop_tells_whether_it_was_pending)
{
    gorc_timer *t = gorc_timer_new(100 * GORC_SECOND);
    CHECK(gorc_timer_stop(t));
    CHECK(!gorc_timer_stop(t));
    gorc_timer_reset(t, 0);
    gorc_chan_recv(gorc_timer_chan(t), NULL);
    CHECK(!gorc_timer_stop(t)); /* received */
    gorc_timer_free(t);
}

Test(timer, t4_stop_does_not_close)
{
    gorc_timer *t = gorc_timer_new(0);
    gorc_timer_stop(t);
    CHECK_EQ(gorc_chan_recv_until(gorc_timer_chan(t), NULL, gorc_now() + MS), -ETIMEDOUT);
    gorc_timer_free(t);
}

Test(timer, t5_reset_tells_whether_it_was_active)
{
    gorc_timer *t = gorc_timer_new(100 * GORC_SECOND);
    CHECK(gorc_timer_reset(t, 0));
    CHECK(gorc_chan_recv(gorc_timer_chan(t), NULL));
    CHECK(!gorc_timer_reset(t, 0));
    CHECK(gorc_chan_recv(gorc_timer_chan(t), NULL));
    gorc_timer_free(t);
}

static void reset_soon(void *arg)
{
    gorc_sleep(MS);
    gorc_timer_reset(arg, 0);
}

/* A receiver that waits already gets the value of the new time. */
Test(timer, t5_reset_wakes_a_waiting_receiver)
{
    gorc_timer *t = gorc_timer_new(1000 * GORC_SECOND);
    gorc_go(reset_soon, t);
    CHECK(gorc_chan_recv(gorc_timer_chan(t), NULL));
    CHECK(!gorc_timer_stop(t));
    gorc_timer_stop(t);
    gorc_timer_reset(t, 1000 * GORC_SECOND);
    gorc_timer_stop(t);
    gorc_go(reset_soon, t); /* it was stopped */
    gorc_case cases[2] = {gorc_case_recv(gorc_timer_chan(t), NULL), gorc_case_recv(NULL, NULL)};
    CHECK_EQ(gorc_select(cases, 2), 0);
    gorc_timer_free(t);
}

static void put_off(void *arg)
{
    gorc_timer_reset(arg, 4 * MS);
}

Test(timer, t5_reset_puts_off_a_waiting_receiver)
{
    int64_t before = gorc_now(), when;
    gorc_timer *t = gorc_timer_new(1000 * GORC_SECOND);
    gorc_go(put_off, t);
    CHECK(gorc_chan_recv(gorc_timer_chan(t), &when));
    CHECK(when >= before + 4 * MS);
    gorc_timer_free(t);
}

/* --- in select --- */

Test(timer, t2_select_leaves_a_timer_that_lost_as_it_was)
{
    gorc_timer *t = gorc_timer_new(1000 * GORC_SECOND);
    gorc_chan *ready = gorc_chan_new(0, 1);
    gorc_case cases[2] = {gorc_case_recv(ready, NULL), gorc_case_recv(gorc_timer_chan(t), NULL)};
    gorc_chan_send(ready, NULL);
    CHECK_EQ(gorc_select(cases, 2), 0);
    CHECK_EQ(gorc_select_try(cases, 2), -1);
    CHECK(gorc_timer_reset(t, MS));
    CHECK_EQ(gorc_select(cases, 2), 1);
    CHECK_EQ(gorc_select_try(cases, 2), -1);
    gorc_timer_free(t);
    gorc_chan_unref(ready);
}

Test(timer, t2_select_of_several_timers_takes_the_first)
{
    gorc_timer *t[3];
    gorc_case cases[3];
    for (int i = 0; i < 3; i++) {
        t[i] = gorc_timer_new((i == 1 ? 2 : 100000) * MS);
        cases[i] = gorc_case_recv(gorc_timer_chan(t[i]), NULL);
    }
    CHECK_EQ(gorc_select(cases, 3), 1);
    CHECK(gorc_timer_stop(t[0]) && gorc_timer_stop(t[2]));
    for (int i = 0; i < 3; i++)
        gorc_timer_free(t[i]);
}

/* --- T3: functions --- */

struct call {
    gorc_chan *done;
    uint64_t goid;
    int64_t when;
};

static void note_call(void *arg)
{
    struct call *c = arg;
    c->goid = gorc_goid();
    c->when = gorc_now();
    gorc_chan_send(c->done, NULL);
}

Test(timer, t3_function_runs_in_its_own_goroutine)
{
    struct call c = {gorc_chan_new(0, 0), 0, 0};
    int64_t before = gorc_now();
    gorc_timer *t = gorc_timer_after_func(2 * MS, note_call, &c);
    CHECK(gorc_timer_chan(t) == NULL);
    gorc_chan_recv(c.done, NULL);
    CHECK(c.goid != 0 && c.goid != gorc_goid());
    CHECK(c.when >= before + 2 * MS);
    CHECK(!gorc_timer_stop(t));
    CHECK(!gorc_timer_reset(t, 0)); /* again */
    gorc_chan_recv(c.done, NULL);
    gorc_timer_free(t);
    gorc_chan_unref(c.done);
}

static void fail(void *arg)
{
    (void)arg;
    abort();
}

Test(timer, t3_stop_prevents_the_function)
{
    for (int i = 0; i < 200; i++) {
        gorc_timer *t = gorc_timer_after_func((1 + i % 3) * 100 * GORC_SECOND, fail, NULL);
        CHECK(gorc_timer_stop(t));
        CHECK(!gorc_timer_stop(t));
        gorc_timer_free(t);
        gorc_timer_free(gorc_timer_after_func(100 * GORC_SECOND, fail, NULL));
    }
    gorc_sleep(2 * MS);
}

static atomic_int runs;

static void count_run(void *arg)
{
    (void)arg;
    atomic_fetch_add(&runs, 1);
}

/* Stop and the function: exactly one of both. */
Test(timer, t3_t4_stop_or_run)
{
    int n = scaled(2000), stopped = 0;
    for (int i = 0; i < n; i++) {
        gorc_timer *t = gorc_timer_after_func(i % 7 * 3 * GORC_MICROSECOND, count_run, NULL);
        for (int k = 0; k < i % 5; k++)
            gorc_yield();
        stopped += gorc_timer_stop(t);
        gorc_timer_free(t);
    }
    while (atomic_load(&runs) + stopped < n)
        gorc_yield();
    CHECK_EQ(atomic_load(&runs) + stopped, n);
}

static void block(void *arg)
{
    gorc_chan_recv(arg, NULL);
}

Test(timer, t3_stop_does_not_wait_for_the_function)
{
    gorc_chan *never = gorc_chan_new(0, 0);
    gorc_timer *t = gorc_timer_after_func(0, block, never);
    while (gorc_num_goroutines() < 2)
        gorc_yield();
    CHECK(!gorc_timer_stop(t));
    gorc_timer_free(t);
    gorc_chan_send(never, NULL);
    gorc_chan_unref(never);
}

/* A worker that computes does not keep a function from being called. */
Test(timer, t3_function_is_called_while_the_worker_computes)
{
    one_worker();
    gorc_timer *t = gorc_timer_after_func(MS, count_run, NULL);
    while (!atomic_load(&runs))
        ;
    gorc_timer_free(t);
}

/* --- T7: tickers --- */

Test(ticker, t7_ticks_keep_their_beat)
{
    int64_t first, when;
    gorc_ticker *t = gorc_ticker_new(MS);
    CHECK(gorc_chan_recv(gorc_ticker_chan(t), &first));
    for (int i = 0; i < 20; i++) {
        CHECK(gorc_chan_recv(gorc_ticker_chan(t), &when));
        CHECK_EQ((when - first) % MS, 0); /* however late this worker was */
        CHECK(when <= gorc_now());
    }
    CHECK_EQ(gorc_chan_cap(gorc_ticker_chan(t)), 0);
    gorc_ticker_free(t);
}

Test(ticker, t7_ticks_are_dropped_for_a_slow_receiver)
{
    int64_t start = gorc_now(), first, second;
    gorc_ticker *t = gorc_ticker_new(2 * MS);
    int64_t made = gorc_now();
    gorc_sleep(21 * MS);
    CHECK_EQ(gorc_chan_len(gorc_ticker_chan(t)), 0);
    CHECK_EQ(gorc_chan_try_recv(gorc_ticker_chan(t), &first), 1); /* one was kept, the first */
    int64_t now = gorc_now();
    CHECK(first >= start + 2 * MS && first <= made + 2 * MS);
    CHECK(gorc_chan_recv(gorc_ticker_chan(t), &second));
    CHECK(second > now - 2 * MS);
    CHECK_EQ((second - first) % (2 * MS), 0);
    gorc_ticker_free(t);
}

Test(ticker, t7_reset_changes_the_period)
{
    int64_t before, when;
    gorc_ticker *t = gorc_ticker_new(1000 * GORC_SECOND);
    gorc_ticker_reset(t, MS);
    CHECK(gorc_chan_recv(gorc_ticker_chan(t), NULL));
    gorc_sleep(3 * MS); /* a tick waits */
    before = gorc_now();
    gorc_ticker_reset(t, 5 * MS);
    CHECK(gorc_chan_recv(gorc_ticker_chan(t), &when));
    CHECK(when >= before + 5 * MS);
    gorc_ticker_stop(t);
    CHECK_EQ(gorc_chan_recv_until(gorc_ticker_chan(t), NULL, gorc_now() + 10 * MS), -ETIMEDOUT);
    gorc_ticker_reset(t, MS); /* also after a stop */
    CHECK(gorc_chan_recv(gorc_ticker_chan(t), NULL));
    gorc_ticker_free(t);
}

struct reader {
    gorc_chan *ticks;
    atomic_int *left;
    gorc_waitgroup *wg;
};

static void take_ticks(void *arg)
{
    struct reader *r = arg;
    int64_t last = 0, when;
    while (atomic_fetch_sub(r->left, 1) > 0) {
        gorc_chan_recv(r->ticks, &when);
        CHECK(when > last); /* none is given twice */
        last = when;
    }
    gorc_wg_done(r->wg);
}

Test(ticker, t7_several_receivers_share_the_ticks)
{
    atomic_int left = 60;
    gorc_waitgroup wg = {0};
    gorc_ticker *t = gorc_ticker_new(200 * GORC_MICROSECOND);
    struct reader r = {gorc_ticker_chan(t), &left, &wg};
    gorc_wg_add(&wg, 3);
    for (int i = 0; i < 3; i++)
        gorc_go(take_ticks, &r);
    gorc_wg_wait(&wg);
    gorc_ticker_free(t);
}

/* --- T9 --- */

Test(timer, t9_overflow_is_for_ever)
{
    gorc_timer *t = gorc_timer_new(INT64_MAX);
    gorc_ticker *k = gorc_ticker_new(INT64_MAX);
    gorc_timer *f = gorc_timer_after_func(INT64_MAX, fail, NULL);
    gorc_case cases[3] = {gorc_case_recv(gorc_timer_chan(t), NULL),
        gorc_case_recv(gorc_ticker_chan(k), NULL), gorc_case_after(2 * MS)};
    CHECK_EQ(gorc_select(cases, 3), 2);
    CHECK(gorc_timer_stop(f));
    CHECK(gorc_timer_stop(t));
    gorc_timer_free(t);
    gorc_timer_free(f);
    gorc_ticker_free(k);
}

/* Simultaneous expiry: all fire, in whatever order. */
Test(timer, t9_many_at_the_same_time)
{
    enum { N = 300 };
    gorc_timer *t[N];
    for (int i = 0; i < N; i++)
        t[i] = gorc_timer_after_func(2 * MS, count_run, NULL);
    while (atomic_load(&runs) < N)
        gorc_yield();
    for (int i = 0; i < N; i++)
        gorc_timer_free(t[i]);
}

/* --- L1: lifetimes --- */

static void free_channel_user(void *arg)
{
    gorc_chan *c = arg;
    gorc_chan_recv(c, NULL);
    gorc_chan_unref(c);
}

Test(timer, l1_the_channel_outlives_its_timer)
{
    int n = scaled(500);
    for (int i = 0; i < n; i++) {
        gorc_timer *t = gorc_timer_new(i % 3 * 10 * GORC_MICROSECOND);
        gorc_chan *c = gorc_chan_ref(gorc_timer_chan(t));
        if (i % 2) {
            gorc_chan_recv(c, NULL);
            gorc_timer_free(t);
            CHECK_EQ(gorc_chan_try_recv(c, NULL), -EAGAIN);
        } else {
            gorc_timer_free(t);
            CHECK_EQ(gorc_chan_try_recv(c, NULL), -EAGAIN);
        }
        gorc_chan_unref(c);
        gorc_go(free_channel_user, gorc_after(i % 3 * 10 * GORC_MICROSECOND));
    }
    while (gorc_num_goroutines() > 1)
        gorc_yield();
}

static void change_at_random(void *arg)
{
    gorc_timer *t = arg;
    unsigned long long seed = (unsigned long long)(uintptr_t)&seed ^ gorc_goid();
    int n = scaled(1500);
    for (int i = 0; i < n; i++) {
        switch (test_random(&seed, 4)) {
        case 0:
            gorc_timer_stop(t);
            break;
        case 1:
            gorc_chan_try_recv(gorc_timer_chan(t), NULL);
            break;
        case 2:
            gorc_chan_recv_until(gorc_timer_chan(t), NULL, gorc_now() + test_random(&seed, 30000));
            break;
        default:
            gorc_timer_reset(t, test_random(&seed, 20000));
        }
    }
}

Test(timer, l1_stress_of_one_timer_by_many)
{
    gorc_waitgroup wg = {0};
    gorc_timer *t = gorc_timer_new(0);
    for (int i = 0; i < 6; i++)
        gorc_wg_go(&wg, change_at_random, t);
    gorc_wg_wait(&wg);
    gorc_timer_free(t);
}

static void *thread_main(void *arg)
{
    gorc_timer *t = gorc_timer_new(MS);
    gorc_chan_recv(gorc_timer_chan(t), NULL);
    gorc_timer_free(t);
    gorc_timer_free(gorc_timer_after_func(MS, count_run, NULL));
    t = gorc_timer_after_func(0, count_run, NULL);
    while (!atomic_load(&runs))
        gorc_yield();
    gorc_timer_free(t);
    return arg;
}

Test(timer, t2_t3_on_a_foreign_thread)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, thread_main, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

/* --- T6: misuse --- */

MISUSE_TEST(timer, t6_ticker_interval_zero, "ticker interval not positive")
{
    gorc_ticker_new(0);
    return 0;
}

MISUSE_TEST(timer, t6_ticker_reset_interval, "ticker interval not positive")
{
    gorc_ticker_reset(gorc_ticker_new(1000 * MS), -1);
    return 0;
}

MISUSE_TEST(timer, t6_stop_of_nil_timer, "use of a nil timer")
{
    gorc_timer_stop(NULL);
    return 0;
}

MISUSE_TEST(timer, t6_reset_of_nil_ticker, "use of a nil timer")
{
    gorc_ticker_reset(NULL, 1);
    return 0;
}

MISUSE_TEST(timer, t6_send_on_a_timers_channel, "send on a timer's channel")
{
    int64_t v = 1;
    gorc_chan_send(gorc_after(MS), &v);
    return 0;
}

MISUSE_TEST(timer, t6_close_of_a_timers_channel, "close of a timer's channel")
{
    gorc_chan_close(gorc_timer_chan(gorc_timer_new(MS)));
    return 0;
}

MISUSE_TEST(timer, t6_function_nil, "go of nil function")
{
    gorc_timer_after_func(MS, NULL, NULL);
    return 0;
}

/* --- fork --- */

enum { TOO_LATE = 77 };

/* The child's status. TOO_LATE: a timer may have fired before the fork, in the parent. */
static int timers_in_child(int64_t ns)
{
    int status;
    int64_t due = gorc_now() + ns;
    gorc_timer *t = gorc_timer_new(ns), *f = gorc_timer_after_func(ns, count_run, NULL);
    gorc_ticker *k = gorc_ticker_new(MS);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        if (gorc_now() >= due)
            _exit(TOO_LATE);
        gorc_chan_recv(gorc_timer_chan(t), NULL);
        gorc_chan_recv(gorc_ticker_chan(k), NULL);
        while (!atomic_load(&runs))
            gorc_yield();
        _exit(gorc_timer_stop(t) || gorc_timer_stop(f));
    }
    gorc_timer_stop(f);
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status));
    gorc_timer_free(t);
    gorc_timer_free(f);
    gorc_ticker_free(k);
    return WEXITSTATUS(status);
}

Test(timer, t3_timers_of_the_forking_goroutine_go_on_in_the_child)
{
    int status = TOO_LATE;
    for (int64_t ns = 2 * MS; status == TOO_LATE; ns *= 2) {
        atomic_store(&runs, 0);
        status = timers_in_child(ns);
    }
    CHECK_EQ(status, 0);
}

/* --- out of memory --- */

static int failures;

static void *made(void *p)
{
    if (!p) {
        CHECK_EQ(errno, ENOMEM);
        failures++;
    }
    return p;
}

CHILD(failing)
{
    gorc_chan_unref(made(gorc_after(MS)));
    gorc_timer_free(made(gorc_timer_new(MS)));
    gorc_timer_free(made(gorc_timer_after_func(1000 * MS, fail, NULL)));
    gorc_ticker *k = made(gorc_ticker_new(MS));
    if (k)
        gorc_ticker_free(k);
    int l = gorc_listen("127.0.0.1:0"), d = gorc_dial("localhost:1"), fds[2];
    char c;
    CHECK(l >= 0 || l == -ENOMEM);
    CHECK(d == -ENOMEM || d == -ECONNREFUSED);
    failures += (l == -ENOMEM) + (d == -ENOMEM);
    gorc_close(l);
    CHECK(pipe(fds) == 0);
    CHECK_EQ(write(fds[1], "x", 1), 1);
    ssize_t n = gorc_read(fds[0], &c, 1);
    CHECK(n == 1 || n == -ENOMEM);
    failures += n == -ENOMEM;
    fprintf(stderr, "failures: %d\n", failures);
    return 0;
}

Test(timer, memory_out_in_constructors)
{
    int failed = 0;
    for (int n = 1; n <= 40; n++) {
        char text[16];
        snprintf(text, sizeof text, "%d", n);
        setenv("GORC_FAIL_ALLOC", text, 1);
        struct child_result r = run_child("failing");
        unsetenv("GORC_FAIL_ALLOC");
        if (strstr(r.err, "failures: 1"))
            failed++;
        else /* the first start of the runtime says so and aborts */
            CHECK(strstr(r.err, "failures: 0") || strstr(r.err, "out of memory"));
    }
    CHECK(failed >= 5);
}
