/* SPDX-License-Identifier: MIT
 *
 * What other threads of the parent were doing at the moment of fork() keeps nothing from working in
 * the child.
 */
#include <criterion/criterion.h>
#include <gorc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chan/chan_impl.h"
#include "sched/g.h"

enum { PATIENCE = 10, FORKS = 60 };

static atomic_bool ended;

/* The child's status; one that hangs is ended by a signal. */
static int in_child(int (*fn)(void *), void *arg)
{
    int status;
    pid_t pid = fork();
    cr_assert(pid >= 0);
    if (pid == 0) {
        alarm(PATIENCE);
        _exit(fn(arg));
    }
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static pthread_t start(void *(*fn)(void *), void *arg)
{
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, fn, arg), 0);
    return thread;
}

static void nothing(void *arg)
{
    (void)arg;
}

/* --- handlers of the program that are older than its first call --- */

static _Atomic uint32_t asked, answered;

static void *use_timers(void *arg)
{
    (void)arg;
    while (!atomic_load(&ended)) {
        if (!atomic_exchange(&asked, 0))
            continue;
        gorc_timer *t = gorc_timer_after_func(3600 * GORC_SECOND, nothing, NULL);
        gorc_timer_free(t);
        atomic_store(&answered, 1);
    }
    return NULL;
}

static void wait_for_an_answer(void)
{
    atomic_store(&answered, 0);
    atomic_store(&asked, 1);
    while (!atomic_load(&answered))
        ;
}

static int call(void *arg)
{
    (void)arg;
    gorc_yield();
    return 0;
}

Test(fork_threads, a_handler_of_the_program_may_wait_for_a_thread_that_uses_timers, .timeout = 60)
{
    cr_assert_eq(pthread_atfork(wait_for_an_answer, wait_for_an_answer, NULL), 0);
    gorc_yield();
    pthread_t thread = start(use_timers, NULL);
    cr_assert_eq(in_child(call, NULL), 0);
    atomic_store(&ended, true);
    pthread_join(thread, NULL);
}

/* --- locks --- */

static int take(void *lock)
{
    gorc__lock(lock);
    gorc__unlock(lock);
    return 0;
}

Test(fork_threads, a_lock_that_is_left_behind_is_taken_over, .timeout = 60)
{
    static struct gorc__lock lock;
    gorc_yield();
    gorc__lock(&lock);
    cr_assert_eq(in_child(take, &lock), 0);
    cr_assert(!gorc__try_lock(&lock), "the parent has lost it");
    gorc__unlock(&lock);
}

static void *attach(void *arg)
{
    gorc_now();
    return gorc_set_name(arg, "name"), NULL;
}

static void *come_and_go(void *arg)
{
    while (!atomic_load(&ended)) {
        pthread_t thread = start(attach, arg);
        pthread_join(thread, NULL);
    }
    return NULL;
}

static void *change_procs(void *arg)
{
    (void)arg;
    for (int n = 1; !atomic_load(&ended); n = n % 4 + 1)
        gorc_procs(n);
    return NULL;
}

static int use_all(void *arg)
{
    static gorc_waitgroup wg;
    pthread_t thread = start(attach, arg);
    pthread_join(thread, NULL);
    gorc_procs(3);
    gorc_procs(1);
    gorc_wg_go(&wg, nothing, NULL);
    gorc_wg_wait(&wg);
    return 0;
}

Test(fork_threads, threads_and_the_number_of_workers_change, .timeout = 120)
{
    int object, hung = 0;
    gorc_yield();
    pthread_t threads[] = {start(come_and_go, &object), start(change_procs, NULL)};
    for (int i = 0; i < FORKS; i++)
        hung += in_child(use_all, &object) != 0;
    atomic_store(&ended, true);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(hung, 0, "%d of %d children hung", hung, FORKS);
}

/* --- contexts --- */

static void *change_children(void *deadline)
{
    while (!atomic_load(&ended)) {
        gorc_ctx *a = gorc_ctx_with_cancel(deadline), *b = gorc_ctx_with_cancel(a);
        gorc_ctx *c = gorc_ctx_with_timeout(b, 3600 * GORC_SECOND);
        gorc_ctx_cancel(a);
        gorc_ctx_free(c);
        gorc_ctx_free(b);
        gorc_ctx_free(a);
    }
    return NULL;
}

static int expire(void *deadline)
{
    gorc_chan_recv(gorc_ctx_done(deadline), NULL);
    gorc_ctx_cancel(deadline); /* waits for all descendants */
    return gorc_ctx_err(deadline) != -ETIMEDOUT;
}

Test(fork_threads, a_deadline_whose_parent_and_children_change, .timeout = 120)
{
    int bad = 0;
    gorc_ctx *parent = gorc_ctx_with_cancel(gorc_ctx_background());
    for (int i = 0; i < FORKS; i++) {
        gorc_ctx *deadline = gorc_ctx_with_timeout(parent, 2 * GORC_MILLISECOND);
        gorc_ctx_done(deadline);
        atomic_store(&ended, false);
        pthread_t threads[] = {start(change_children, parent), start(change_children, deadline)};
        bad += in_child(expire, deadline) != 0;
        atomic_store(&ended, true);
        for (int k = 0; k < 2; k++)
            pthread_join(threads[k], NULL);
        gorc_ctx_free(deadline);
    }
    gorc_ctx_free(parent);
    cr_assert_eq(bad, 0, "%d of %d children hung", bad, FORKS);
}

static int cancel(void *ctx)
{
    gorc_ctx_cancel(ctx); /* waits for all descendants */
    return 0;
}

/* More threads than processors: some are descheduled in the middle of a change. */
Test(fork_threads, changes_by_threads_that_have_to_wait_for_a_processor, .timeout = 120)
{
    enum { THREADS = 8 };
    int bad = 0;
    pthread_t threads[THREADS];
    gorc_ctx *top = gorc_ctx_with_cancel(gorc_ctx_background());
    for (int i = 0; i < THREADS; i++)
        threads[i] = start(change_children, top);
    for (int i = 0; i < FORKS; i++)
        bad += in_child(cancel, top) != 0;
    atomic_store(&ended, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    gorc_ctx_free(top);
    cr_assert_eq(bad, 0, "%d of %d children hung", bad, FORKS);
}

/* As when another thread is in a receive from the channel. */
Test(fork_threads, a_deadline_whose_channel_is_in_use, .timeout = 60)
{
    gorc_ctx *deadline = gorc_ctx_with_timeout(gorc_ctx_background(), 20 * GORC_MILLISECOND);
    struct gorc__lock *lock = &gorc_ctx_done(deadline)->lock;
    gorc__lock(lock);
    int status = in_child(expire, deadline);
    gorc__unlock(lock);
    cr_assert_eq(status, 0);
    gorc_ctx_free(deadline);
}

/* --- timers of a child that starts nothing --- */

static int ends[2];
static pid_t parent;

static void tell(void *arg)
{
    (void)arg;
    if (getpid() != parent)
        cr_assert_eq(write(ends[1], "x", 1), 1);
}

static int call_once_and_wait(void *arg)
{
    char c;
    (void)arg;
    gorc_goid();
    return read(ends[0], &c, 1) != 1;
}

Test(fork_threads, what_was_pending_goes_off_while_the_child_is_elsewhere, .timeout = 60)
{
    parent = getpid();
    cr_assert_eq(pipe(ends), 0);
    gorc_timer *t = gorc_timer_after_func(100 * GORC_MILLISECOND, tell, NULL);
    cr_assert_eq(in_child(call_once_and_wait, NULL), 0);
    gorc_timer_free(t);
}

static void *fork_here(void *arg)
{
    gorc_goid(); /* a thread that gorc knows */
    *(int *)arg = in_child(call_once_and_wait, NULL);
    return NULL;
}

Test(fork_threads, the_same_when_another_thread_forks, .timeout = 60)
{
    int status = -1;
    parent = getpid();
    cr_assert_eq(pipe(ends), 0);
    gorc_timer *t = gorc_timer_after_func(100 * GORC_MILLISECOND, tell, NULL);
    pthread_join(start(fork_here, &status), NULL);
    cr_assert_eq(status, 0);
    gorc_timer_free(t);
}
