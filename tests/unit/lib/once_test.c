/* SPDX-License-Identifier: MIT
 *
 * gorc_once: rules O1, O3, O4, O5 (and that gorc_goexit in the function counts as done, O2's half).
 */
#include "unit.h"

struct lazy {
    gorc_once once;
    atomic_int calls;
    atomic_int let_end;
    int value; /* written by the function, read after gorc_once_do */
    atomic_int returned;
    gorc_waitgroup wg;
};

static void init_slowly(void *arg)
{
    struct lazy *l = arg;
    atomic_fetch_add(&l->calls, 1);
    await(&l->let_end, 1);
    l->value = 42;
}

static void use(void *arg)
{
    struct lazy *l = arg;
    gorc_once_do(&l->once, init_slowly, l);
    CHECK_EQ(l->value, 42);
    atomic_fetch_add(&l->returned, 1);
    gorc_wg_done(&l->wg);
}

/* O1: the function runs once; callers that come meanwhile block until it has ended. */
Test(once, o1_runs_once_and_others_block)
{
    one_worker();
    static struct lazy l;
    gorc_wg_add(&l.wg, 10);
    for (int i = 0; i < 10; i++)
        gorc_go(use, &l);
    settle();
    CHECK_EQ(atomic_load(&l.calls), 1);
    CHECK_EQ(atomic_load(&l.returned), 0);
    atomic_store(&l.let_end, 1);
    gorc_wg_wait(&l.wg);
    CHECK_EQ(atomic_load(&l.returned), 10);
    CHECK_EQ(atomic_load(&l.calls), 1);
}

/* O5: the end of the function happens before the return of every call, with plain accesses; O1 on
 * several workers. */
Test(once, o1_o5_end_happens_before_every_return)
{
    for (int round = 0; round < scaled(300); round++) {
        struct lazy *l = calloc(1, sizeof(*l));
        atomic_store(&l->let_end, 1);
        gorc_wg_add(&l->wg, 8);
        for (int i = 0; i < 8; i++)
            gorc_go(use, l);
        gorc_wg_wait(&l->wg);
        CHECK_EQ(atomic_load(&l->calls), 1);
        free(l);
    }
}

static void reenter(void *arg)
{
    gorc_once_do(arg, reenter, arg);
}

/* O3: in Go a deadlock; here a misuse that says so. */
MISUSE_TEST(once_misuse, o3_reentered, "once called again from its own function")
{
    static gorc_once once;
    gorc_once_do(&once, reenter, &once);
    return 0;
}

struct detour {
    gorc_once once;
    gorc_chan *done;
};

static void call_again(void *arg)
{
    struct detour *d = arg;
    gorc_once_do(&d->once, call_again, d);
    gorc_chan_close(d->done);
}

static void reenter_by_other(void *arg)
{
    struct detour *d = arg;
    gorc_go(call_again, d);
    gorc_chan_recv(d->done, NULL);
}

/* O3: a re-entry by way of another goroutine is a plain deadlock. */
CHILD(o3_detour)
{
    static struct detour d;
    d.done = gorc_chan_new(0, 0);
    gorc_once_do(&d.once, reenter_by_other, &d);
    return 0;
}

Test(once_deadlock, o3_recursion_through_another_goroutine_deadlocks)
{
    check_exit("o3_detour", 2, "deadlock");
}

static void set_1(void *arg)
{
    *(int *)arg = 1;
}

static void set_2(void *arg)
{
    *(int *)arg = 2;
}

/* O4: another function on the same once is ignored. */
Test(once, o4_other_function_is_ignored)
{
    gorc_once once = {0};
    int value = 0;
    gorc_once_do(&once, set_1, &value);
    gorc_once_do(&once, set_2, &value);
    CHECK_EQ(value, 1);
}

static void count_and_goexit(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
    gorc_goexit();
}

struct ending {
    gorc_once once;
    atomic_int calls;
    gorc_waitgroup wg;
};

static void call_ending(void *arg)
{
    struct ending *e = arg;
    gorc_defer_done(&e->wg);
    gorc_once_do(&e->once, count_and_goexit, &e->calls);
}

/* O2's half that C has: a function that ends its goroutine counts as done. */
Test(once, o1_goexit_in_the_function_counts_as_done)
{
    static struct ending e;
    gorc_wg_add(&e.wg, 4);
    for (int i = 0; i < 4; i++)
        gorc_go(call_ending, &e);
    gorc_wg_wait(&e.wg);
    CHECK_EQ(atomic_load(&e.calls), 1);
}
