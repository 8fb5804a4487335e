/* SPDX-License-Identifier: MIT
 *
 * gorc_rwmutex: rules R1 to R5 and R7.
 */
#include "unit.h"

struct shared {
    gorc_rwmutex rw;
    atomic_int readers;     /* inside, reading */
    atomic_int writers;     /* inside, writing */
    atomic_int max_readers; /* most readers seen inside at once */
    atomic_int order;       /* entries so far */
    atomic_int go_on;       /* readers leave when set */
    long value;             /* guarded by rw */
    int rounds;
    gorc_waitgroup wg;
};

struct visit {
    struct shared *s;
    int entered; /* the position in the order of entries, 0: not yet */
};

static void note_readers(struct shared *s)
{
    int n = atomic_fetch_add(&s->readers, 1) + 1;
    int max = atomic_load(&s->max_readers);
    while (n > max && !atomic_compare_exchange_weak(&s->max_readers, &max, n))
        ;
    CHECK_EQ(atomic_load(&s->writers), 0);
}

static void read_visit(void *arg)
{
    struct visit *v = arg;
    gorc_rwmutex_rlock(&v->s->rw);
    note_readers(v->s);
    v->entered = atomic_fetch_add(&v->s->order, 1) + 1;
    await(&v->s->go_on, 1);
    atomic_fetch_sub(&v->s->readers, 1);
    gorc_rwmutex_runlock(&v->s->rw);
    gorc_wg_done(&v->s->wg);
}

static void write_visit(void *arg)
{
    struct visit *v = arg;
    gorc_rwmutex_lock(&v->s->rw);
    CHECK_EQ(atomic_fetch_add(&v->s->writers, 1), 0);
    CHECK_EQ(atomic_load(&v->s->readers), 0);
    v->entered = atomic_fetch_add(&v->s->order, 1) + 1;
    atomic_fetch_sub(&v->s->writers, 1);
    gorc_rwmutex_unlock(&v->s->rw);
    gorc_wg_done(&v->s->wg);
}

static void start(struct shared *s, gorc_fn fn, struct visit *v)
{
    *v = (struct visit){s, 0};
    gorc_wg_add(&s->wg, 1);
    gorc_go(fn, v);
}

/* R7: readers are inside at the same time: each waits for all the others before it leaves. */
Test(rwmutex, r7_readers_run_together)
{
    static struct shared s;
    struct visit v[8];
    for (int i = 0; i < 8; i++)
        start(&s, read_visit, &v[i]);
    await(&s.readers, 8);
    atomic_store(&s.go_on, 1);
    gorc_wg_wait(&s.wg);
    CHECK_EQ(atomic_load(&s.max_readers), 8);
}

/* R1: while a writer waits, a new reader waits too, even though only readers are inside; so a
 * reader's second rlock would block for ever. */
Test(rwmutex, r1_pending_writer_blocks_new_readers)
{
    one_worker();
    static struct shared s;
    struct visit writer, late;
    gorc_rwmutex_rlock(&s.rw);
    start(&s, write_visit, &writer);
    settle();
    CHECK(!gorc_rwmutex_try_rlock(&s.rw)); /* R5 as well */
    start(&s, read_visit, &late);
    settle();
    CHECK_EQ(atomic_load(&s.order), 0);
    atomic_store(&s.go_on, 1);
    gorc_rwmutex_runlock(&s.rw);
    gorc_wg_wait(&s.wg);
    CHECK_EQ(writer.entered, 1);
    CHECK_EQ(late.entered, 2);
}

/* R1: the recursive read lock with a writer between deadlocks; it is not "fixed". */
CHILD(r1_recursive_rlock)
{
    gorc_procs(1);
    static struct shared s;
    struct visit writer;
    gorc_rwmutex_rlock(&s.rw);
    start(&s, write_visit, &writer);
    settle();
    gorc_rwmutex_rlock(&s.rw);
    return 0;
}

Test(rwmutex_deadlock, r1_recursive_rlock_with_writer_between_deadlocks)
{
    check_exit("r1_recursive_rlock", 2, "deadlock");
}

/* R2: at an unlock all readers that wait go in before the writer that waits, and in between no
 * reader that comes later overtakes that writer. */
Test(rwmutex, r2_waiting_readers_go_before_the_next_writer)
{
    one_worker();
    static struct shared s;
    struct visit writer, readers[4], late;
    gorc_rwmutex_lock(&s.rw);
    start(&s, write_visit, &writer);
    settle();
    for (int i = 0; i < 4; i++)
        start(&s, read_visit, &readers[i]);
    settle();
    CHECK_EQ(atomic_load(&s.order), 0);
    gorc_rwmutex_unlock(&s.rw);
    settle();
    CHECK_EQ(atomic_load(&s.readers), 4);
    CHECK_EQ(writer.entered, 0);
    start(&s, read_visit, &late);
    settle();
    CHECK_EQ(atomic_load(&s.readers), 4);
    atomic_store(&s.go_on, 1);
    gorc_wg_wait(&s.wg);
    CHECK_EQ(writer.entered, 5);
    CHECK_EQ(late.entered, 6);
}

/* --- R3 --- */

MISUSE_TEST(rwmutex_misuse, r3_runlock_of_unlocked, "runlock of unlocked rwmutex")
{
    gorc_rwmutex rw = {0};
    gorc_rwmutex_runlock(&rw);
    return 0;
}

MISUSE_TEST(rwmutex_misuse, r3_unlock_of_unlocked, "unlock of unlocked rwmutex")
{
    gorc_rwmutex rw = {0};
    gorc_rwmutex_unlock(&rw);
    return 0;
}

/* R3, R4: there is no way from one kind of lock to the other. */
MISUSE_TEST(rwmutex_misuse, r3_r4_runlock_of_write_locked, "runlock of unlocked rwmutex")
{
    gorc_rwmutex rw = {0};
    gorc_rwmutex_lock(&rw);
    gorc_rwmutex_runlock(&rw);
    return 0;
}

MISUSE_TEST(rwmutex_misuse, r3_r4_unlock_of_read_locked, "unlock of unlocked rwmutex")
{
    gorc_rwmutex rw = {0};
    gorc_rwmutex_rlock(&rw);
    gorc_rwmutex_unlock(&rw);
    return 0;
}

static void blocked_writer(void *arg)
{
    gorc_rwmutex_lock(arg);
}

MISUSE_TEST(rwmutex_misuse, r3_unlock_while_writer_is_pending, "unlock of unlocked rwmutex")
{
    static gorc_rwmutex rw;
    gorc_procs(1);
    gorc_rwmutex_rlock(&rw);
    gorc_go(blocked_writer, &rw);
    settle();
    gorc_rwmutex_unlock(&rw);
    return 0;
}

MISUSE_TEST(rwmutex_misuse, rw_moved_while_locked, "rwmutex moved or copied while locked")
{
    gorc_rwmutex rw = {0};
    gorc_rwmutex_lock(&rw);
    gorc_rwmutex copy = rw;
    gorc_rwmutex_unlock(&copy);
    return 0;
}

/* R4: lock does not upgrade: with the own read lock held it waits for it. */
CHILD(r4_upgrade)
{
    gorc_rwmutex rw = {0};
    gorc_rwmutex_rlock(&rw);
    gorc_rwmutex_lock(&rw);
    return 0;
}

Test(rwmutex_deadlock, r4_no_upgrade)
{
    check_exit("r4_upgrade", 2, "deadlock");
}

/* --- R5 --- */

Test(rwmutex, r5_try_locks)
{
    gorc_rwmutex rw = {0};
    CHECK(gorc_rwmutex_try_rlock(&rw));
    CHECK(gorc_rwmutex_try_rlock(&rw));
    CHECK(!gorc_rwmutex_try_lock(&rw));
    gorc_rwmutex_runlock(&rw);
    CHECK(!gorc_rwmutex_try_lock(&rw));
    gorc_rwmutex_runlock(&rw);
    CHECK(gorc_rwmutex_try_lock(&rw));
    CHECK(!gorc_rwmutex_try_lock(&rw));
    CHECK(!gorc_rwmutex_try_rlock(&rw));
    gorc_rwmutex_unlock(&rw);
    CHECK(gorc_rwmutex_try_lock(&rw));
    gorc_rwmutex_unlock(&rw);
}

/* --- stress --- */

static void read_rounds(void *arg)
{
    struct shared *s = arg;
    for (int i = 0; i < s->rounds; i++) {
        if (i % 7 == 0 && !gorc_rwmutex_try_rlock(&s->rw)) {
            gorc_yield();
            continue;
        }
        if (i % 7 != 0)
            gorc_rwmutex_rlock(&s->rw);
        note_readers(s);
        long before = s->value;
        if (i % 16 == 0)
            gorc_yield();
        CHECK_EQ(s->value, before);
        atomic_fetch_sub(&s->readers, 1);
        gorc_rwmutex_runlock(&s->rw);
    }
    gorc_wg_done(&s->wg);
}

static void write_rounds(void *arg)
{
    struct shared *s = arg;
    for (int i = 0; i < s->rounds; i++) {
        if (i % 5 == 0) {
            while (!gorc_rwmutex_try_lock(&s->rw))
                gorc_yield();
        } else {
            gorc_rwmutex_lock(&s->rw);
        }
        CHECK_EQ(atomic_fetch_add(&s->writers, 1), 0);
        CHECK_EQ(atomic_load(&s->readers), 0);
        s->value++;
        if (i % 8 == 0)
            gorc_yield();
        atomic_fetch_sub(&s->writers, 1);
        gorc_rwmutex_unlock(&s->rw);
        if (i % 3 == 0)
            gorc_yield();
    }
    gorc_wg_done(&s->wg);
}

/* R1, R2, R7: readers and writers in all mixtures: exclusion holds, nobody is lost. */
Test(rwmutex, r2_r7_stress, .timeout = 500)
{
    static struct shared s;
    s.rounds = scaled(4000);
    gorc_wg_add(&s.wg, 14);
    for (int i = 0; i < 10; i++)
        gorc_go(read_rounds, &s);
    for (int i = 0; i < 4; i++)
        gorc_go(write_rounds, &s);
    gorc_wg_wait(&s.wg);
    CHECK_EQ(s.value, 4L * s.rounds);
    CHECK(gorc_rwmutex_try_lock(&s.rw));
}

/* The mutex's rules M3 and M4 hold for the writers among themselves: a hog cannot keep the lock. */
static void rw_hog(void *arg)
{
    struct shared *s = arg;
    while (!atomic_load(&s->go_on)) {
        gorc_rwmutex_lock(&s->rw);
        for (int64_t end = gorc_now() + 100 * GORC_MICROSECOND; gorc_now() < end;)
            ;
        gorc_yield();
        gorc_rwmutex_unlock(&s->rw);
    }
    gorc_wg_done(&s->wg);
}

static void rw_victim(void *arg)
{
    struct shared *s = arg;
    for (int i = 0; i < 10; i++) {
        gorc_rwmutex_lock(&s->rw);
        gorc_rwmutex_unlock(&s->rw);
    }
    atomic_store(&s->go_on, 1);
    gorc_wg_done(&s->wg);
}

Test(rwmutex, r2_writers_do_not_starve_each_other, .timeout = 500)
{
    static struct shared s;
    gorc_wg_add(&s.wg, 2);
    gorc_go(rw_hog, &s);
    gorc_go(rw_victim, &s);
    gorc_wg_wait(&s.wg);
}
