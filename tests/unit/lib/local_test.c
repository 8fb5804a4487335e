/* SPDX-License-Identifier: MIT
 *
 * Goroutine-local values: whose they are, and when they end.
 */
#include "unit.h"

#include <pthread.h>

static const char a, b, third;

struct log {
    int seen[8];
    int n;
    gorc_waitgroup wg;
};

struct item {
    struct log *log;
    int id;
};

static void note(void *arg)
{
    struct item *i = arg;
    i->log->seen[i->log->n++] = i->id;
}

/* --- set and get --- */

Test(local, set_get_replace_remove)
{
    int one, two;
    CHECK(gorc_local_get(&a) == NULL);
    CHECK_EQ(gorc_local_set(&a, NULL, NULL), 0);
    CHECK_EQ(gorc_local_set(&a, &one, NULL), 0);
    CHECK_EQ(gorc_local_set(&b, &two, NULL), 0);
    CHECK(gorc_local_get(&a) == &one && gorc_local_get(&b) == &two);
    CHECK_EQ(gorc_local_set(&a, &two, NULL), 0);
    CHECK(gorc_local_get(&a) == &two);
    CHECK_EQ(gorc_local_set(&a, NULL, NULL), 0);
    CHECK(gorc_local_get(&a) == NULL && gorc_local_get(&b) == &two);
}

enum { GOROUTINES = 200 };

static void own_value(void *arg)
{
    int mine = 0;
    CHECK(gorc_local_get(&a) == NULL); /* not inherited, nor left by an earlier goroutine */
    CHECK_EQ(gorc_local_set(&a, &mine, NULL), 0);
    for (int i = 0; i < 20; i++) {
        gorc_yield();
        CHECK(gorc_local_get(&a) == &mine);
    }
    gorc_wg_done(arg);
}

Test(local, each_goroutine_has_its_own)
{
    static gorc_waitgroup wg;
    int mains;
    CHECK_EQ(gorc_local_set(&a, &mains, NULL), 0);
    for (int round = 0; round < 2; round++) {
        gorc_wg_add(&wg, GOROUTINES);
        for (int i = 0; i < GOROUTINES; i++)
            gorc_go(own_value, &wg);
        gorc_wg_wait(&wg);
    }
    CHECK(gorc_local_get(&a) == &mains);
}

/* --- the end --- */

static void last_note(void *arg)
{
    struct item *i = arg;
    note(i);
    gorc_wg_done(&i->log->wg);
}

static void set_again(void *arg)
{
    static struct item again = {.id = 9};
    struct item *i = arg;
    again.log = i->log;
    note(i);
    gorc_yield();
    CHECK(gorc_local_get(&b) == NULL);
    CHECK_EQ(gorc_local_set(&b, &again, note), 0);
}

static struct item first = {.id = 1}, second = {.id = 2}, replaced = {.id = 3}, removed = {.id = 4},
                   deferred = {.id = 5};

static void set_all(struct log *log)
{
    first.log = second.log = replaced.log = removed.log = deferred.log = log;
    CHECK_EQ(gorc_local_set(&a, &replaced, note), 0);
    CHECK_EQ(gorc_local_set(&third, &removed, note), 0);
    CHECK_EQ(gorc_local_set(&b, &second, set_again), 0);
    CHECK_EQ(gorc_local_set(&a, &first, last_note), 0);
    CHECK_EQ(gorc_local_set(&third, NULL, NULL), 0);
}

static void check_log(const struct log *log, const int *expected, int n)
{
    CHECK_EQ(log->n, n);
    for (int i = 0; i < n; i++)
        CHECK_EQ(log->seen[i], expected[i]);
}

static void returns(void *arg)
{
    set_all(arg);
}

Test(local, destroyed_on_return_last_first)
{
    static struct log log;
    gorc_wg_add(&log.wg, 1);
    gorc_go(returns, &log);
    gorc_wg_wait(&log.wg);
    check_log(&log, (int[]){2, 9, 1}, 3);
}

static void exits(void *arg)
{
    set_all(arg);
    gorc_defer(note, &deferred);
    gorc_goexit();
}

Test(local, destroyed_on_goexit_after_deferred_calls)
{
    static struct log log;
    gorc_wg_add(&log.wg, 1);
    gorc_go(exits, &log);
    gorc_wg_wait(&log.wg);
    check_log(&log, (int[]){5, 2, 9, 1}, 4);
}

static void *thread(void *arg)
{
    returns(arg);
    return NULL;
}

Test(local, destroyed_at_the_end_of_a_thread)
{
    for (int i = 0; i < 3; i++) { /* the record is used again */
        struct log log = {0};
        pthread_t t;
        gorc_wg_add(&log.wg, 1);
        CHECK_EQ(pthread_create(&t, NULL, thread, &log), 0);
        CHECK_EQ(pthread_join(t, NULL), 0);
        gorc_wg_wait(&log.wg);
        check_log(&log, (int[]){2, 9, 1}, 3);
    }
}

static void say(void *arg)
{
    fprintf(stderr, "%s\n", (const char *)arg);
}

CHILD(local_main_returns)
{
    static char text[] = "destroyed: main";
    CHECK_EQ(gorc_local_set(&a, text, say), 0);
    return 3;
}

Test(local, destroyed_when_main_returns)
{
    check_exit("local_main_returns", 3, "destroyed: main");
}

static void end_process(void *arg)
{
    (void)arg;
    exit(4);
}

static gorc_waitgroup destroyed;

static void say_and_go_on(void *arg)
{
    say(arg);
    gorc_wg_done(&destroyed);
}

static void end_process_then(void *arg)
{
    gorc_wg_wait(&destroyed);
    end_process(arg);
}

CHILD(local_main_goexits)
{
    static char text[] = "destroyed: goexit";
    gorc_wg_add(&destroyed, 1);
    CHECK_EQ(gorc_local_set(&a, text, say_and_go_on), 0);
    gorc_go(end_process_then, NULL);
    gorc_goexit();
}

Test(local, destroyed_on_mains_goexit)
{
    check_exit("local_main_goexits", 4, "destroyed: goexit");
}

CHILD(local_other_exits)
{
    static char text[] = "destroyed: wrongly";
    CHECK_EQ(gorc_local_set(&a, text, say), 0);
    gorc_go(end_process, NULL);
    return stay();
}

/* main may be using them still */
Test(local, not_destroyed_in_another_goroutines_exit)
{
    struct child_result r = run_child("local_other_exits");
    CHECK(WIFEXITED(r.status) && WEXITSTATUS(r.status) == 4);
    CHECK(strstr(r.err, "destroyed") == NULL);
}

/* --- gorc_defer_cancel --- */

static void cancels_at_the_end(void *arg)
{
    gorc_defer_cancel(arg);
    CHECK_EQ(gorc_ctx_err(arg), 0);
    if (gorc_ctx_value(arg, &a))
        gorc_goexit();
}

Test(local, g2_deferred_cancel)
{
    static char yes;
    for (int exiting = 0; exiting < 2; exiting++) {
        gorc_ctx *root = gorc_ctx_with_value(gorc_ctx_background(), &a, exiting ? &yes : NULL);
        gorc_ctx *ctx = gorc_ctx_with_cancel(root);
        gorc_go(cancels_at_the_end, ctx);
        gorc_chan_recv(gorc_ctx_done(ctx), NULL);
        CHECK_EQ(gorc_ctx_err(ctx), -ECANCELED);
        gorc_ctx_free(ctx);
        gorc_ctx_free(root);
    }
}
