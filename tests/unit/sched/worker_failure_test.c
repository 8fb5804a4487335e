/* SPDX-License-Identifier: MIT
 *
 * No memory for another worker: the work waits for the next attempt.
 */
#include <criterion/criterion.h>
#include <gorc.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/lock.h"
#include "sched/g.h"

static int pipe_ends[2];

static void write_one(void *arg)
{
    (void)arg;
    cr_assert_eq(write(pipe_ends[1], "x", 1), 1);
}

static int read_one(void *arg)
{
    return (int)read(pipe_ends[0], arg, 1);
}

static void nothing(void *arg)
{
    (void)arg;
}

static int sit_here(void *arg)
{
    int ends[2];
    (void)arg;
    return pipe(ends) == 0 ? (int)read(ends[0], ends, 1) : -1;
}

static void sit(void *arg)
{
    gorc_blocking(sit_here, arg);
}

static bool is_worker_idle(void)
{
    gorc__lock(&gorc__sched.lock);
    bool is = gorc__sched.nasleep_ms > 0;
    gorc__unlock(&gorc__sched.lock);
    return is;
}

/* A goroutine has a place afterwards: the next request will be for a worker. On a machine that kept
 * us waiting sysmon has made another one already: then that is kept busy. */
static void have_one_worker(void)
{
    gorc_procs(1);
    cr_assert_eq(pipe(pipe_ends), 0);
    gorc_go(nothing, NULL);
    gorc_yield();
    while (is_worker_idle()) {
        gorc_go(sit, NULL);
        gorc_yield();
    }
}

/* The only worker blocks, what it waits for is left to one that cannot be started. */
static void block_without_memory(void)
{
    char c;
    cr_assert_eq(gorc_blocking(read_one, &c), 1);
    cr_assert_eq(gorc__alloc_fail_left(), 0);
}

Test(worker_failure, work_of_a_worker_that_could_not_be_started, .timeout = 20)
{
    have_one_worker();
    gorc__alloc_fail_at(1);
    gorc_go(write_one, NULL);
    block_without_memory();
}

Test(worker_failure, timers_of_a_worker_that_could_not_be_started, .timeout = 20)
{
    have_one_worker();
    gorc_timer *t = gorc_timer_after_func(3600 * GORC_SECOND, write_one, NULL);
    gorc__alloc_fail_at(1);
    gorc_timer_reset(t, 10 * GORC_MILLISECOND);
    block_without_memory();
    gorc_timer_free(t);
}
