/* SPDX-License-Identifier: MIT
 *
 * Calls that block the OS thread, marked by gorc_blocking and not: the other goroutines go on, the
 * number of threads stays bounded, results and errno come back.
 */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>

#define MS GORC_MILLISECOND

static int count_threads(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/task");
    CHECK(d != NULL);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

/* --- sleepers beside goroutines that sit in a system call until the sleepers are done --- */

enum { SLEEPERS = 1000, NAPS = 20 }; /* fewer sleepers where a tool slows them down */

static atomic_int blockers_back, sleepers_back, in_time;
static _Atomic int64_t latest;
static int gate[2]; /* a pipe: its writing end is closed by the last sleeper */

static int call_read(void *arg)
{
    char c;
    (void)arg;
    while (read(gate[0], &c, 1) < 0 && errno == EINTR)
        continue;
    return 7;
}

static void block_plainly(void *arg)
{
    call_read(arg);
    atomic_fetch_add(&blockers_back, 1);
}

static void block_marked(void *arg)
{
    CHECK_EQ(gorc_blocking(call_read, arg), 7);
    atomic_fetch_add(&blockers_back, 1);
}

static void nap(void *arg)
{
    int64_t worst = 0;
    (void)arg;
    for (int i = 0; i < NAPS; i++) {
        int64_t due = gorc_now() + 20 * MS;
        gorc_sleep(20 * MS);
        int64_t late = gorc_now() - due;
        if (late > worst)
            worst = late;
    }
    for (int64_t seen = atomic_load(&latest); worst > seen;)
        if (atomic_compare_exchange_weak(&latest, &seen, worst))
            break;
    atomic_fetch_add(&in_time, atomic_load(&blockers_back) == 0);
    if (atomic_fetch_add(&sleepers_back, 1) == scaled(SLEEPERS) - 1)
        close(gate[1]);
}

/* If the naps waited for the calls, this would never end. */
static void sleepers_beside(gorc_fn blocker, int blockers)
{
    gorc_waitgroup wg = {0};
    int sleepers = scaled(SLEEPERS);
    CHECK(pipe(gate) == 0);
    for (int i = 0; i < sleepers; i++)
        gorc_wg_go(&wg, nap, NULL);
    for (int i = 0; i < blockers; i++)
        gorc_wg_go(&wg, blocker, NULL);
    gorc_wg_wait(&wg);
    close(gate[0]);
    fprintf(stderr, "%d of %d in time, at most %.1f ms late; %d threads\n", atomic_load(&in_time),
        sleepers, (double)atomic_load(&latest) / 1e6, count_threads());
    CHECK_EQ(atomic_load(&sleepers_back), sleepers);
    CHECK_EQ(atomic_load(&blockers_back), blockers);
    CHECK_EQ(atomic_load(&in_time), sleepers);
}

Test(blocking, sleepers_stay_on_time_beside_plain_calls, .timeout = 500)
{
    sleepers_beside(block_plainly, gorc_procs(0));
}

Test(blocking, sleepers_stay_on_time_beside_gorc_blocking, .timeout = 500)
{
    sleepers_beside(block_marked, gorc_procs(0));
}

static atomic_int stop;

static void compute(void *arg)
{
    (void)arg;
    while (!atomic_load(&stop))
        ;
}

static void count_naps(void *arg)
{
    (void)arg;
    for (int i = 0; i < 5; i++)
        gorc_sleep(MS);
    if (atomic_fetch_add(&sleepers_back, 1) == 99)
        atomic_store(&stop, 1);
}

Test(blocking, sleepers_go_on_beside_computations)
{
    gorc_waitgroup wg = {0};
    for (int i = 0; i < 100; i++)
        gorc_wg_go(&wg, count_naps, NULL);
    for (int i = 0; i < gorc_procs(0); i++)
        gorc_wg_go(&wg, compute, NULL);
    gorc_wg_wait(&wg);
}

/* --- threads --- */

static int brief_sleep(void *arg)
{
    usleep(1000);
    return (int)(intptr_t)arg;
}

static void call_brief(void *arg)
{
    CHECK_EQ(gorc_blocking(brief_sleep, arg), (int)(intptr_t)arg);
}

Test(blocking, threads_are_bounded_and_used_again)
{
    gorc_waitgroup wg = {0};
    int n = scaled(3000);
    for (int i = 0; i < n; i++)
        gorc_wg_go(&wg, call_brief, (void *)(intptr_t)i);
    gorc_wg_wait(&wg);
    int threads = count_threads();
    CHECK(threads <= 512 + gorc_procs(0) + 3);
    for (int i = 0; i < 200; i++)
        call_brief((void *)(intptr_t)i);
    CHECK(count_threads() <= threads + 1);
}

static int recurse(void *arg)
{
    gorc_chan *c = arg;
    gorc_chan_recv(c, NULL); /* what is called may use gorc itself */
    return gorc_blocking(brief_sleep, (void *)3);
}

static void send_one(void *arg)
{
    gorc_chan_send(arg, NULL);
}

Test(blocking, the_call_may_park)
{
    gorc_chan *c = gorc_chan_new(0, 0);
    for (int i = 0; i < 50; i++) {
        gorc_go(send_one, c);
        CHECK_EQ(gorc_blocking(recurse, c), 3);
    }
    gorc_chan_unref(c);
}

static int set_errno(void *arg)
{
    errno = (int)(intptr_t)arg;
    return -1;
}

Test(blocking, errno_comes_back)
{
    for (int i = 1; i < 100; i++) {
        CHECK_EQ(gorc_blocking(set_errno, (void *)(intptr_t)i), -1);
        CHECK_EQ(errno, i);
    }
}

static void *foreign(void *arg)
{
    CHECK_EQ(gorc_blocking(brief_sleep, arg), 5);
    return NULL;
}

Test(blocking, on_a_foreign_thread)
{
    pthread_t t;
    CHECK(pthread_create(&t, NULL, foreign, (void *)5) == 0);
    CHECK(pthread_join(t, NULL) == 0);
}

static void on_own_thread(void *arg)
{
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(gorc_blocking(brief_sleep, (void *)9), 9);
        gorc_sleep(MS / 10);
    }
    gorc_wg_done(arg);
}

/* A goroutine that keeps its thread sleeps while nobody else does anything. */
Test(blocking, g7_lock_thread)
{
    struct gorc_go_options options = {.lock_thread = true};
    gorc_waitgroup wg = {0};
    gorc_wg_add(&wg, 2);
    gorc_go_with(&options, on_own_thread, &wg);
    gorc_go_with(&options, on_own_thread, &wg);
    gorc_wg_wait(&wg);
}

MISUSE_TEST(blocking, nil_function, "call of nil function")
{
    gorc_blocking(NULL, NULL);
    return 0;
}

/* --- a goroutine that polls --- */

static atomic_bool others_ran;

static void say_so(void *arg)
{
    (void)arg;
    atomic_store(&others_ran, true);
}

/* It is nearly always inside the library, where its P is not taken. */
Test(blocking, others_go_on_beside_one_that_polls)
{
    gorc_ticker *always_due = gorc_ticker_new(1);
    gorc_chan *silent = gorc_chan_new(0, 0);
    gorc_go(say_so, NULL);
    while (!atomic_load(&others_ran)) {
        gorc_case cases[] = {
            gorc_case_recv(silent, NULL), gorc_case_recv(gorc_ticker_chan(always_due), NULL)};
        CHECK_EQ(gorc_select(cases, 2), 1);
    }
    gorc_chan_unref(silent);
    gorc_ticker_free(always_due);
}
