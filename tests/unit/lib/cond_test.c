/* SPDX-License-Identifier: MIT
 *
 * gorc_cond: rules K1 to K5.
 */
#include "unit.h"

struct room {
    gorc_mutex m;
    gorc_cond c;
    int waiting;   /* guarded by m */
    int woken;     /* guarded by m */
    int order[64]; /* guarded by m: ids in the order of waking */
    gorc_waitgroup wg;
};

struct guest {
    struct room *room;
    int id;
};

static void guest(void *arg)
{
    struct guest *me = arg;
    struct room *r = me->room;
    gorc_mutex_lock(&r->m);
    r->waiting++;
    gorc_cond_wait(&r->c, &r->m);
    r->order[r->woken++] = me->id; /* K1: m is locked again */
    gorc_mutex_unlock(&r->m);
    gorc_wg_done(&r->wg);
}

static void let_in(struct room *r, struct guest *g, int first, int n)
{
    gorc_wg_add(&r->wg, n);
    for (int i = first; i < first + n; i++) {
        g[i] = (struct guest){r, i};
        gorc_go(guest, &g[i]);
        settle();
    }
}

static int waiting(struct room *r)
{
    gorc_mutex_lock(&r->m);
    int n = r->waiting;
    gorc_mutex_unlock(&r->m);
    return n;
}

static int woken(struct room *r)
{
    gorc_mutex_lock(&r->m);
    int n = r->woken;
    gorc_mutex_unlock(&r->m);
    return n;
}

/* K1: wait unlocks m (all guests come to wait), parks (nobody goes on by itself), and locks again.
 * K2: signal wakes the longest waiter, one each. K3: broadcast wakes the rest. */
Test(cond, k1_k2_k3_signal_wakes_one_broadcast_all)
{
    one_worker();
    static struct room r;
    static struct guest g[10];
    let_in(&r, g, 0, 10);
    CHECK_EQ(waiting(&r), 10);
    CHECK_EQ(woken(&r), 0);
    for (int i = 0; i < 4; i++) {
        gorc_cond_signal(&r.c);
        settle();
        CHECK_EQ(woken(&r), i + 1);
    }
    gorc_cond_broadcast(&r.c);
    gorc_wg_wait(&r.wg);
    CHECK_EQ(r.woken, 10);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(r.order[i], i);
}

/* K2: many signals before any waiter has run wake as many waiters, in order, with m held or not. */
Test(cond, k2_signals_are_not_merged)
{
    one_worker();
    static struct room r;
    static struct guest g[6];
    let_in(&r, g, 0, 6);
    gorc_mutex_lock(&r.m);
    gorc_cond_signal(&r.c);
    gorc_cond_signal(&r.c);
    gorc_mutex_unlock(&r.m);
    gorc_cond_signal(&r.c);
    settle();
    CHECK_EQ(woken(&r), 3);
    for (int i = 0; i < 3; i++)
        CHECK(r.order[i] < 3); /* in which order the three get m is another matter */
    gorc_cond_broadcast(&r.c);
    gorc_wg_wait(&r.wg);
    CHECK_EQ(r.woken, 6);
}

/* K4: a signal with nobody there is not kept, and one that was sent is not stolen by a waiter that
 * came after it. */
Test(cond, k4_later_waiter_does_not_get_an_earlier_signal)
{
    one_worker();
    static struct room r;
    static struct guest g[3];
    gorc_cond_signal(&r.c);
    gorc_cond_broadcast(&r.c);
    let_in(&r, g, 0, 1);
    CHECK_EQ(woken(&r), 0);
    gorc_cond_signal(&r.c); /* for guest 0, which does not run yet */
    let_in(&r, g, 1, 2);
    CHECK_EQ(woken(&r), 1);
    CHECK_EQ(r.order[0], 0);
    CHECK_EQ(waiting(&r), 3);
    gorc_cond_broadcast(&r.c);
    gorc_wg_wait(&r.wg);
}

/* --- K1: misuse --- */

MISUSE_TEST(cond_misuse, k1_wait_with_unlocked_mutex, "cond wait while its mutex is not locked")
{
    gorc_mutex m = {0};
    gorc_cond c = {0};
    gorc_cond_wait(&c, &m);
    return 0;
}

/* --- K5 --- */

MISUSE_TEST(cond_misuse, k5_copied, "cond copied after first use")
{
    gorc_cond c = {0};
    gorc_cond_signal(&c);
    gorc_cond copy = c;
    gorc_cond_signal(&copy);
    return 0;
}

/* --- a bounded buffer on several workers --- */

struct buffer {
    gorc_mutex m;
    gorc_cond not_empty, not_full;
    int items[4], n;     /* guarded by m */
    int to_put, to_take; /* guarded by m */
    long long sum;       /* guarded by m: of what was taken */
    gorc_waitgroup wg;
};

static void put_all(void *arg)
{
    struct buffer *b = arg;
    gorc_mutex_lock(&b->m);
    while (b->to_put > 0) {
        int value = b->to_put--;
        while (b->n == 4)
            gorc_cond_wait(&b->not_full, &b->m);
        b->items[b->n++] = value;
        gorc_cond_signal(&b->not_empty);
    }
    gorc_mutex_unlock(&b->m);
    gorc_wg_done(&b->wg);
}

static void take_all(void *arg)
{
    struct buffer *b = arg;
    gorc_mutex_lock(&b->m);
    while (b->to_take > 0) {
        b->to_take--;
        while (b->n == 0)
            gorc_cond_wait(&b->not_empty, &b->m);
        b->sum += b->items[--b->n];
        gorc_mutex_unlock(&b->m);
        gorc_cond_signal(&b->not_full); /* K2: needs no lock */
        gorc_mutex_lock(&b->m);
    }
    gorc_mutex_unlock(&b->m);
    gorc_wg_done(&b->wg);
}

/* K1, K2: no signal is lost between unlock and park, so this ends; every item comes out once. */
Test(cond, k1_k2_bounded_buffer, .timeout = 500)
{
    static struct buffer b;
    int n = scaled(40000);
    b.to_put = b.to_take = n;
    gorc_wg_add(&b.wg, 8);
    for (int i = 0; i < 4; i++) {
        gorc_go(put_all, &b);
        gorc_go(take_all, &b);
    }
    gorc_wg_wait(&b.wg);
    CHECK_EQ(b.sum, (long long)n * (n + 1) / 2);
}

struct baton {
    gorc_cond c;
    gorc_mutex m;
    int turn;  /* guarded by m */
    int plain; /* handed from turn to turn */
    int rounds;
    gorc_waitgroup wg;
};

struct runner {
    struct baton *b;
    int id;
};

static void run_with_baton(void *arg)
{
    struct runner *me = arg;
    struct baton *b = me->b;
    for (int i = 0; i < b->rounds; i++) {
        gorc_mutex_lock(&b->m);
        while (b->turn != me->id)
            gorc_cond_wait(&b->c, &b->m);
        b->plain++;
        b->turn = (b->turn + 1) % 4;
        gorc_cond_broadcast(&b->c);
        gorc_mutex_unlock(&b->m);
    }
    gorc_wg_done(&b->wg);
}

/* K3: broadcast to waiters with different conditions. */
Test(cond, k3_turns, .timeout = 500)
{
    static struct baton b;
    struct runner r[4];
    b.rounds = scaled(5000);
    gorc_wg_add(&b.wg, 4);
    for (int i = 0; i < 4; i++) {
        r[i] = (struct runner){&b, i};
        gorc_go(run_with_baton, &r[i]);
    }
    gorc_wg_wait(&b.wg);
    CHECK_EQ(b.plain, 4 * b.rounds);
}
