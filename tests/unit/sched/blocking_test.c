/* SPDX-License-Identifier: MIT
 *
 * What sysmon is for: a worker whose goroutine computes or sits in a system call loses its P to
 * another, also with one P; a goroutine that was only made ready next is not stuck behind its
 * waker; a goroutine with its own thread keeps it.
 */
#include <criterion/criterion.h>
#include <gorc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_int flag;

static void set_flag(void *arg)
{
    (void)arg;
    atomic_store(&flag, 1);
}

static void compute_until_flag(void)
{
    while (!atomic_load(&flag))
        ;
}

Test(blocking, a_computing_goroutine_does_not_hold_up_others, .timeout = 20)
{
    gorc_procs(1);
    gorc_go(set_flag, NULL);
    compute_until_flag();
    gorc_yield(); /* owns a P again */
    cr_assert_eq(gorc_procs(0), 1);
}

Test(blocking, the_next_goroutine_is_not_stuck_behind_its_waker, .timeout = 20)
{
    gorc_procs(2);
    gorc_go(set_flag, NULL);
    compute_until_flag();
}

static int pipe_ends[2];

static void write_one(void *arg)
{
    (void)arg;
    if (write(pipe_ends[1], "x", 1) != 1)
        abort();
}

Test(blocking, a_blocking_read_does_not_hold_up_the_writer, .timeout = 20)
{
    char c;
    gorc_procs(1);
    cr_assert_eq(pipe(pipe_ends), 0);
    for (int i = 0; i < 5; i++) {
        gorc_go(write_one, NULL);
        cr_assert_eq(read(pipe_ends[0], &c, 1), 1);
        gorc_yield();
    }
}

static atomic_int running, most;

static void count_running(void *arg)
{
    int n = atomic_fetch_add(&running, 1) + 1;
    for (int seen = atomic_load(&most); n > seen;)
        if (atomic_compare_exchange_weak(&most, &seen, n))
            break;
    atomic_fetch_sub(&running, 1);
    gorc_yield();
    (void)arg;
}

Test(blocking, no_more_goroutines_run_at_once_than_procs, .timeout = 20)
{
    gorc_waitgroup wg = {0};
    gorc_procs(4);
    gorc_procs(2);
    for (int i = 0; i < 20000; i++)
        gorc_wg_go(&wg, count_running, NULL);
    gorc_wg_wait(&wg);
    cr_assert(atomic_load(&most) <= 2, "%d ran at once", atomic_load(&most));
}

static void stay_on_thread(void *arg)
{
    pthread_t me = pthread_self();
    for (int i = 0; i < 300; i++) {
        gorc_yield();
        if (i % 50 == 0)
            gorc_sleep(20 * GORC_MICROSECOND);
        if (!pthread_equal(me, pthread_self()))
            abort();
    }
    gorc_wg_done(arg);
}

Test(blocking, g7_lock_thread_keeps_the_thread, .timeout = 60)
{
    struct gorc_go_options options = {.name = "locked", .lock_thread = true};
    gorc_waitgroup wg = {0};
    gorc_wg_add(&wg, 4);
    for (int i = 0; i < 4; i++)
        gorc_go_with(&options, stay_on_thread, &wg);
    gorc_wg_wait(&wg);
}
