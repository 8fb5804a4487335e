/* SPDX-License-Identifier: MIT
 *
 * fork() while other threads are in the middle of something with timers: the child has all timers
 * that were pending.
 */
#include <criterion/criterion.h>
#include <gorc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sched/g.h"

enum { FORKS = 300, OTHERS = 64 };

#define HOUR (3600 * GORC_SECOND)

static atomic_bool ended;

static void never(struct gorc__timer *t)
{
    (void)t;
}

static void *change_heap(void *arg)
{
    static struct gorc__timer others[OTHERS];
    struct gorc__timerheap *heap = arg;
    for (int64_t k = 0; !atomic_load(&ended); k++) {
        struct gorc__timer *t = &others[k % OTHERS];
        if (k >= OTHERS)
            cr_assert(gorc__timer_cancel(t));
        t->fn = never;
        t->when = gorc_now() + 2 * HOUR + k * 7919 % 1000;
        cr_assert(gorc__timerheap_add(heap, t));
    }
    return NULL;
}

Test(fork, pending_timers_are_pending_in_the_child, .timeout = 60)
{
    pthread_t thread;
    int status, lost = 0;
    gorc_yield();
    struct gorc__timerheap *heap = &atomic_load(&gorc__sched.ps[0])->timers;
    struct gorc__timer first = {.when = gorc_now() + HOUR, .fn = never};
    cr_assert(gorc__timerheap_add(heap, &first));
    cr_assert_eq(pthread_create(&thread, NULL, change_heap, heap), 0);
    for (int i = 0; i < FORKS; i++) {
        pid_t pid = fork();
        cr_assert(pid >= 0);
        if (pid == 0)
            _exit(atomic_load(&heap->next) != first.when);
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        lost += status != 0;
    }
    atomic_store(&ended, true);
    pthread_join(thread, NULL);
    cr_assert_eq(lost, 0, "%d of %d children have lost it", lost, FORKS);
}

/* As when another thread is between taking the lock and giving it back. */
Test(fork, a_timer_that_another_thread_is_changing_is_not_waited_for, .timeout = 60)
{
    int status;
    struct gorc__lock lock = {0};
    gorc_yield();
    struct gorc__timerheap *heap = &atomic_load(&gorc__sched.ps[0])->timers;
    struct gorc__timer changed = {.when = gorc_now() + HOUR, .fn = never, .owner = &lock};
    struct gorc__timer pending = {.when = gorc_now() + HOUR, .fn = never, .owner = &lock};
    cr_assert(gorc__timerheap_add(heap, &changed));
    gorc__lock(&lock);
    pid_t pid = fork();
    cr_assert(pid >= 0);
    if (pid == 0)
        _exit(changed.index != -1);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    gorc__unlock(&lock);
    cr_assert_eq(status, 0, "it is still in the child's heap");
    cr_assert(gorc__timer_cancel(&changed));

    cr_assert(gorc__timerheap_add(heap, &pending));
    pid = fork();
    cr_assert(pid >= 0);
    if (pid == 0)
        _exit(pending.index == -1);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert_eq(status, 0, "it was lost");
    cr_assert(gorc__timer_cancel(&pending));
}

static atomic_int ticks, later;

static void count_ticks(void *chan)
{
    for (;;) {
        gorc_chan_recv(chan, NULL);
        atomic_fetch_add(&ticks, 1);
    }
}

static void note(void *arg)
{
    (void)arg;
    atomic_fetch_add(&later, 1);
}

/* The ticker goes on in the child; who waits for it is the parent's. */
Test(fork, goroutines_of_the_parent_do_not_go_on_in_the_child, .timeout = 60)
{
    int status;
    gorc_ticker *ticker = gorc_ticker_new(GORC_MILLISECOND);
    gorc_go(count_ticks, gorc_ticker_chan(ticker));
    while (atomic_load(&ticks) == 0)
        gorc_yield();
    pid_t pid = fork();
    cr_assert(pid >= 0);
    if (pid == 0) {
        atomic_store(&ticks, 0);
        gorc_timer *timer = gorc_timer_after_func(20 * GORC_MILLISECOND, note, NULL);
        while (atomic_load(&later) == 0)
            gorc_yield();
        gorc_timer_free(timer);
        _exit(atomic_load(&ticks) != 0);
    }
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert_eq(status, 0, "the child has a goroutine of its parent's");
}
