/* SPDX-License-Identifier: MIT
 *
 * gorc_mutex: rules M1 to M7.
 */
#include "unit.h"

#include <pthread.h>

/* --- M1: the zero value is unlocked, not recursive, any goroutine may unlock --- */

Test(mutex, m1_zero_value_is_unlocked)
{
    gorc_mutex m = {0};
    CHECK(gorc_mutex_try_lock(&m));
    gorc_mutex_unlock(&m);
    gorc_mutex_lock(&m);
    gorc_mutex_unlock(&m);
    gorc_mutex zero = {0};
    CHECK(memcmp(zero.reserved, m.reserved, sizeof(uint32_t) * 2) == 0);
}

struct two {
    gorc_mutex m;
    atomic_int step;
};

static void lock_twice(void *arg)
{
    struct two *t = arg;
    gorc_mutex_lock(&t->m);
    atomic_store(&t->step, 1);
    gorc_mutex_lock(&t->m);
    atomic_store(&t->step, 2);
    gorc_mutex_unlock(&t->m);
}

/* M1: a second lock by the holder blocks; another goroutine's unlock lets it go on. */
Test(mutex, m1_self_lock_blocks_and_any_goroutine_unlocks)
{
    one_worker();
    static struct two t;
    gorc_go(lock_twice, &t);
    settle();
    CHECK_EQ(atomic_load(&t.step), 1);
    gorc_mutex_unlock(&t.m);
    settle();
    CHECK_EQ(atomic_load(&t.step), 2);
    CHECK(gorc_mutex_try_lock(&t.m));
}

/* --- M2 --- */

MISUSE_TEST(mutex_misuse, m2_unlock_of_unlocked, "unlock of unlocked mutex")
{
    gorc_mutex m = {0};
    gorc_mutex_unlock(&m);
    return 0;
}

MISUSE_TEST(mutex_misuse, m2_second_unlock, "unlock of unlocked mutex")
{
    gorc_mutex m = {0};
    gorc_mutex_lock(&m);
    gorc_mutex_unlock(&m);
    gorc_mutex_unlock(&m);
    return 0;
}

/* An object moved while it is locked is a misuse where it is noticed: at the unlock. */
MISUSE_TEST(mutex_misuse, moved_while_locked, "mutex moved or copied while locked")
{
    gorc_mutex m = {0};
    gorc_mutex_lock(&m);
    gorc_mutex copy = m;
    gorc_mutex_unlock(&copy);
    return 0;
}

/* --- M3: waiters are served in order --- */

struct line {
    gorc_mutex m;
    int order[8]; /* guarded by m */
    int n;        /* guarded by m */
    gorc_waitgroup wg;
};

struct in_line {
    struct line *line;
    int id;
};

static void stand_in_line(void *arg)
{
    struct in_line *me = arg;
    gorc_mutex_lock(&me->line->m);
    me->line->order[me->line->n++] = me->id;
    gorc_mutex_unlock(&me->line->m);
    gorc_wg_done(&me->line->wg);
}

Test(mutex, m3_waiters_are_first_in_first_out)
{
    one_worker();
    static struct line line;
    struct in_line who[8];
    gorc_mutex_lock(&line.m);
    gorc_wg_add(&line.wg, 8);
    for (int i = 0; i < 8; i++) {
        who[i] = (struct in_line){&line, i};
        gorc_go(stand_in_line, &who[i]);
        settle();
    }
    gorc_mutex_unlock(&line.m);
    gorc_wg_wait(&line.wg);
    for (int i = 0; i < 8; i++)
        CHECK_EQ(line.order[i], i);
}

/* M3: a running goroutine may take the mutex before the woken waiter runs (barging), and the waiter
 * still gets it. */
Test(mutex, m3_barging_is_allowed_and_loses_nobody)
{
    one_worker();
    static struct line line;
    struct in_line who = {&line, 7};
    gorc_mutex_lock(&line.m);
    gorc_wg_add(&line.wg, 1);
    gorc_go(stand_in_line, &who);
    settle();
    gorc_mutex_unlock(&line.m);
    CHECK(gorc_mutex_try_lock(&line.m));
    CHECK_EQ(line.n, 0);
    gorc_mutex_unlock(&line.m);
    gorc_wg_wait(&line.wg);
    CHECK_EQ(line.order[0], 7);
}

/* --- M4: starvation --- */

struct hog {
    gorc_mutex m;
    atomic_int stop;
    atomic_int got;
    gorc_waitgroup wg;
};

static void spin_for(int64_t ns)
{
    for (int64_t end = gorc_now() + ns; gorc_now() < end;)
        ;
}

/* Holds the mutex whenever another goroutine runs. */
static void hog(void *arg)
{
    struct hog *h = arg;
    while (!atomic_load(&h->stop)) {
        gorc_mutex_lock(&h->m);
        spin_for(100 * GORC_MICROSECOND);
        gorc_yield();
        gorc_mutex_unlock(&h->m);
    }
    gorc_wg_done(&h->wg);
}

static void victim(void *arg)
{
    struct hog *h = arg;
    for (int i = 0; i < 10; i++) {
        gorc_mutex_lock(&h->m);
        gorc_mutex_unlock(&h->m);
        atomic_fetch_add(&h->got, 1);
    }
    atomic_store(&h->stop, 1);
    gorc_wg_done(&h->wg);
}

/* M4: who lost for 1 ms is handed the mutex, so the hog cannot keep it; on one worker the victim
 * only ever runs while the mutex is locked, and without the hand-over this test would not end. */
Test(mutex, m4_starving_waiter_is_handed_the_mutex, .timeout = 500)
{
    static struct hog h;
    gorc_wg_add(&h.wg, 2);
    gorc_go(hog, &h);
    gorc_go(victim, &h);
    gorc_wg_wait(&h.wg);
    CHECK_EQ(atomic_load(&h.got), 10);
    CHECK(gorc_mutex_try_lock(&h.m));
}

/* M4: in starvation mode an unlock leaves the mutex locked for the first waiter. */
Test(mutex, m4_hand_over_leaves_no_gap)
{
    one_worker();
    static struct line line;
    struct in_line who[2] = {{&line, 0}, {&line, 1}};
    gorc_wg_add(&line.wg, 2);
    gorc_mutex_lock(&line.m);
    for (int i = 0; i < 2; i++) {
        gorc_go(stand_in_line, &who[i]);
        settle();
    }
    int64_t begin = gorc_now();
    spin_for(2 * GORC_MILLISECOND);
    gorc_mutex_unlock(&line.m); /* wakes 0, normal mode */
    gorc_mutex_lock(&line.m);   /* barges */
    settle();                   /* 0 loses after more than 1 ms: starving */
    gorc_mutex_unlock(&line.m); /* hands over to 0 */
    CHECK(gorc_now() - begin >= GORC_MILLISECOND);
    CHECK(!gorc_mutex_try_lock(&line.m)); /* M6: fails while starving */
    gorc_wg_wait(&line.wg);
    CHECK_EQ(line.order[0], 0);
    CHECK_EQ(line.order[1], 1);
    CHECK(gorc_mutex_try_lock(&line.m));
}

/* --- M5, M7: exclusion and visibility, under contention --- */

struct counter {
    gorc_mutex m;
    long value; /* guarded by m */
    int rounds;
    gorc_waitgroup wg;
};

static void count(void *arg)
{
    struct counter *c = arg;
    for (int i = 0; i < c->rounds; i++) {
        gorc_mutex_lock(&c->m);
        c->value++;
        gorc_mutex_unlock(&c->m);
    }
    gorc_wg_done(&c->wg);
}

/* M5, M7: short critical sections on several workers (where waiters spin first); each unlock
 * happens before the next lock, so no increment is lost. */
Test(mutex, m5_m7_increments_are_not_lost)
{
    static struct counter c;
    c.rounds = scaled(20000);
    gorc_wg_add(&c.wg, 16);
    for (int i = 0; i < 16; i++)
        gorc_go(count, &c);
    gorc_wg_wait(&c.wg);
    CHECK_EQ(c.value, 16L * c.rounds);
}

static void *count_thread(void *arg)
{
    count(arg);
    return NULL;
}

/* M7 between goroutines and threads of the program's own. */
Test(mutex, m7_threads_and_goroutines_share_a_mutex)
{
    static struct counter c;
    pthread_t threads[4];
    c.rounds = scaled(5000);
    gorc_wg_add(&c.wg, 8);
    for (int i = 0; i < 4; i++) {
        CHECK(pthread_create(&threads[i], NULL, count_thread, &c) == 0);
        gorc_go(count, &c);
    }
    gorc_wg_wait(&c.wg);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ(c.value, 8L * c.rounds);
}

/* A holder that blocks elsewhere while it holds the mutex: the waiters park, others run. */
static void hold_over_yield(void *arg)
{
    struct counter *c = arg;
    for (int i = 0; i < c->rounds; i++) {
        gorc_mutex_lock(&c->m);
        long before = c->value;
        gorc_yield();
        c->value = before + 1;
        gorc_mutex_unlock(&c->m);
        gorc_yield();
    }
    gorc_wg_done(&c->wg);
}

Test(mutex, m7_held_over_yields)
{
    static struct counter c;
    c.rounds = scaled(1000);
    gorc_wg_add(&c.wg, 10);
    for (int i = 0; i < 10; i++)
        gorc_go(hold_over_yield, &c);
    gorc_wg_wait(&c.wg);
    CHECK_EQ(c.value, 10L * c.rounds);
}

/* --- M6 --- */

Test(mutex, m6_try_lock_fails_when_locked)
{
    gorc_mutex m = {0};
    gorc_mutex_lock(&m);
    CHECK(!gorc_mutex_try_lock(&m));
    gorc_mutex_unlock(&m);
    CHECK(gorc_mutex_try_lock(&m));
    CHECK(!gorc_mutex_try_lock(&m));
    gorc_mutex_unlock(&m);
}

static void try_count(void *arg)
{
    struct counter *c = arg;
    for (int done = 0; done < c->rounds;) {
        if (!gorc_mutex_try_lock(&c->m)) {
            gorc_yield();
            continue;
        }
        c->value++;
        done++;
        gorc_mutex_unlock(&c->m);
    }
    gorc_wg_done(&c->wg);
}

/* M6, M7: try_lock excludes as lock does. */
Test(mutex, m6_m7_try_lock_and_lock_mixed)
{
    static struct counter c;
    c.rounds = scaled(5000);
    gorc_wg_add(&c.wg, 8);
    for (int i = 0; i < 4; i++) {
        gorc_go(try_count, &c);
        gorc_go(count, &c);
    }
    gorc_wg_wait(&c.wg);
    CHECK_EQ(c.value, 8L * c.rounds);
}

static void deferred(void *arg)
{
    struct counter *c = arg;
    gorc_mutex_lock(&c->m);
    gorc_defer_unlock(&c->m);
    gorc_defer_done(&c->wg);
    c->value++;
    gorc_goexit();
}

Test(mutex, deferred_unlock_runs_on_goexit)
{
    static struct counter c;
    gorc_wg_add(&c.wg, 2);
    gorc_go(deferred, &c);
    gorc_go(deferred, &c);
    gorc_wg_wait(&c.wg);
    gorc_mutex_lock(&c.m);
    CHECK_EQ(c.value, 2);
    gorc_mutex_unlock(&c.m);
}
