/* SPDX-License-Identifier: MIT
 *
 * gorc_waitgroup: rules W1 to W7.
 */
#include "unit.h"

#include <pthread.h>

struct group {
    gorc_waitgroup wg;
    atomic_int released;
    int values[64]; /* [i] written by worker i before its done */
};

struct member {
    struct group *group;
    int id;
};

/* --- W1 --- */

MISUSE_TEST(waitgroup_misuse, w1_negative_counter, "negative wait group counter")
{
    gorc_waitgroup wg = {0};
    gorc_wg_add(&wg, 1);
    gorc_wg_done(&wg);
    gorc_wg_done(&wg);
    return 0;
}

MISUSE_TEST(waitgroup_misuse, w1_negative_add, "negative wait group counter")
{
    gorc_waitgroup wg = {0};
    gorc_wg_add(&wg, 2);
    gorc_wg_add(&wg, -3);
    return 0;
}

/* --- W2 --- */

static void just_wait(void *arg)
{
    gorc_wg_wait(arg);
}

/* W2: an add from zero while somebody waits. A wait that is still queued after the counter went to
 * zero shows as that or as reuse; this is the reuse seen by the waiter (W4). */
MISUSE_TEST(waitgroup_misuse, w4_reused_before_wait_returned,
    "wait group reused before its previous wait has returned")
{
    static gorc_waitgroup wg;
    gorc_procs(1);
    gorc_wg_add(&wg, 1);
    gorc_go(just_wait, &wg);
    settle();
    gorc_wg_done(&wg);   /* the waiter is runnable, and has not run */
    gorc_wg_add(&wg, 1); /* a new round */
    return stay();
}

struct storm {
    gorc_waitgroup wg;
    atomic_int stop;
};

static void *wait_storm(void *arg)
{
    struct storm *s = arg;
    while (!atomic_load(&s->stop))
        gorc_wg_wait(&s->wg);
    return NULL;
}

/* W2: adds from zero that race with waits are noticed, sooner or later, as one of the two misuses;
 * never as a hang or a lost count. */
CHILD(w2_add_concurrent_with_wait)
{
    static struct storm s;
    pthread_t t[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, wait_storm, &s);
    while (!atomic_load(&s.stop)) {
        gorc_wg_add(&s.wg, 1);
        sched_yield();
        gorc_wg_done(&s.wg);
    }
    return 0;
}

Test(waitgroup_misuse, w2_add_concurrent_with_wait, .timeout = 500)
{
    struct child_result r = run_child("w2_add_concurrent_with_wait");
    CHECK(WIFSIGNALED(r.status) && WTERMSIG(r.status) == SIGABRT);
    CHECK(strstr(r.err, "wait group reused before its previous wait has returned") ||
          strstr(r.err, "wait group add called concurrently with wait"));
}

/* --- W3 --- */

Test(waitgroup, w3_wait_at_zero_returns_at_once)
{
    gorc_waitgroup wg = {0};
    gorc_wg_wait(&wg);
    gorc_wg_add(&wg, 3);
    gorc_wg_add(&wg, -3);
    gorc_wg_wait(&wg);
}

static void wait_and_note(void *arg)
{
    struct group *g = arg;
    gorc_wg_wait(&g->wg);
    atomic_fetch_add(&g->released, 1);
}

/* W3: all waiters go on at zero, and none before. */
Test(waitgroup, w3_all_waiters_are_released_at_zero)
{
    one_worker();
    static struct group g;
    gorc_wg_add(&g.wg, 2);
    for (int i = 0; i < 5; i++)
        gorc_go(wait_and_note, &g);
    settle();
    gorc_wg_done(&g.wg);
    settle();
    CHECK_EQ(atomic_load(&g.released), 0);
    gorc_wg_done(&g.wg);
    settle();
    CHECK_EQ(atomic_load(&g.released), 5);
}

/* --- W5 --- */

static void write_and_done(void *arg)
{
    struct member *m = arg;
    m->group->values[m->id] = m->id + 1;
    gorc_wg_done(&m->group->wg);
}

/* W5: what comes before each done is seen after the wait, with plain accesses. W4: the group is
 * used again once its wait has returned. */
Test(waitgroup, w4_w5_done_happens_before_wait_returns)
{
    static struct group g;
    static struct member m[64];
    for (int round = 0; round < scaled(200); round++) {
        memset(g.values, 0, sizeof(g.values));
        gorc_wg_add(&g.wg, 64);
        for (int i = 0; i < 64; i++) {
            m[i] = (struct member){&g, i};
            gorc_go(write_and_done, &m[i]);
        }
        gorc_wg_wait(&g.wg);
        for (int i = 0; i < 64; i++)
            CHECK_EQ(g.values[i], i + 1);
    }
}

static void *write_and_done_thread(void *arg)
{
    write_and_done(arg);
    return NULL;
}

Test(waitgroup, w5_done_by_threads)
{
    static struct group g;
    struct member m[8];
    pthread_t t[8];
    gorc_wg_add(&g.wg, 8);
    for (int i = 0; i < 8; i++) {
        m[i] = (struct member){&g, i};
        CHECK(pthread_create(&t[i], NULL, write_and_done_thread, &m[i]) == 0);
    }
    gorc_wg_wait(&g.wg);
    for (int i = 0; i < 8; i++) {
        CHECK_EQ(g.values[i], i + 1);
        pthread_join(t[i], NULL);
    }
}

/* --- W6 --- */

static void set_value(void *arg)
{
    struct member *m = arg;
    m->group->values[m->id] = m->id + 1;
}

static void set_value_and_goexit(void *arg)
{
    set_value(arg);
    gorc_goexit();
}

/* W6: gorc_wg_go adds one before it returns and is done at the end, also by gorc_goexit. */
Test(waitgroup, w6_go_counts)
{
    static struct group g;
    struct member m[64];
    for (int i = 0; i < 64; i++) {
        m[i] = (struct member){&g, i};
        gorc_wg_go(&g.wg, i % 2 ? set_value : set_value_and_goexit, &m[i]);
    }
    gorc_wg_wait(&g.wg);
    for (int i = 0; i < 64; i++)
        CHECK_EQ(g.values[i], i + 1);
}

MISUSE_TEST(waitgroup_misuse, w6_go_of_null, "nil")
{
    gorc_waitgroup wg = {0};
    gorc_wg_go(&wg, NULL, NULL);
    return 0;
}

/* --- W7 --- */

static void done_on_copy(gorc_waitgroup wg)
{
    gorc_wg_done(&wg);
}

MISUSE_TEST(waitgroup_misuse, w7_copied, "wait group copied while in use")
{
    gorc_waitgroup wg = {0};
    gorc_wg_add(&wg, 1);
    done_on_copy(wg);
    return 0;
}

/* W7: an idle one may move with the struct that it is in. */
Test(waitgroup, w7_idle_group_may_be_moved)
{
    struct group *a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b));
    struct member m = {b, 3};
    gorc_wg_add(&a->wg, 1);
    gorc_wg_done(&a->wg);
    b->wg = a->wg;
    free(a);
    gorc_wg_go(&b->wg, set_value, &m);
    gorc_wg_wait(&b->wg);
    CHECK_EQ(b->values[3], 4);
    free(b);
}
