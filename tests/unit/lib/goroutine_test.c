/* SPDX-License-Identifier: MIT
 *
 * Goroutines and the process: rules G1 to G4, and what go.h promises besides (yield, names, ids,
 * defer, errno).
 */
#include "unit.h"

#include <pthread.h>

/* --- G1 --- */

static void block_for_ever(void *arg)
{
    gorc_chan_recv(arg, NULL);
}

CHILD(g1_main_returns)
{
    for (int i = 0; i < 10; i++)
        gorc_go(block_for_ever, NULL);
    gorc_yield();
    return 7;
}

/* G1: main's return ends the process, with its status; blocked goroutines are not waited for. */
Test(goroutine, g1_main_does_not_wait_for_others)
{
    check_exit("g1_main_returns", 7, "");
}

/* --- G2 --- */

struct trace {
    int seen[8]; /* written by the goroutine, read after the wait */
    int n;
    gorc_waitgroup wg;
};

struct mark {
    struct trace *t;
    int id;
};

static void note(void *arg)
{
    struct mark *m = arg;
    m->t->seen[m->t->n++] = m->id;
}

static void exit_inside(struct trace *t)
{
    struct mark inner = {t, 3};
    gorc_defer(note, &inner);
    gorc_goexit();
}

static void exiting(void *arg)
{
    struct trace *t = arg;
    gorc_defer_done(&t->wg);
    struct mark first = {t, 1}, second = {t, 2}, block = {t, 0};
    gorc_defer(note, &first);
    {
        gorc_defer(note, &block);
    }
    gorc_defer(note, &second);
    exit_inside(t);
    note(&first);
}

/* G2: goexit ends the goroutine only, and runs its deferred calls, last first. */
Test(goroutine, g2_goexit_runs_deferred_calls)
{
    static struct trace t;
    gorc_wg_add(&t.wg, 1);
    gorc_go(exiting, &t);
    gorc_wg_wait(&t.wg);
    CHECK_EQ(t.n, 4);
    CHECK_EQ(t.seen[0], 0);
    CHECK_EQ(t.seen[1], 3);
    CHECK_EQ(t.seen[2], 2);
    CHECK_EQ(t.seen[3], 1);
}

static void end_process(void *arg)
{
    (void)arg;
    for (int i = 0; i < 10; i++)
        gorc_yield();
    fprintf(stderr, "still here\n");
    exit(5);
}

CHILD(g2_main_goexits)
{
    gorc_go(end_process, NULL);
    gorc_goexit();
}

/* G2: main's goexit leaves the others running. */
Test(goroutine, g2_others_go_on_after_mains_goexit)
{
    check_exit("g2_main_goexits", 5, "still here");
}

CHILD(g2_last_goexit)
{
    gorc_goexit();
}

/* G2: and when no goroutine is left, that is a deadlock. */
Test(goroutine_deadlock, g2_goexit_of_the_last_goroutine)
{
    check_exit("g2_last_goexit", 2, "deadlock");
}

/* --- G3 --- */

CHILD(g3_asleep)
{
    gorc_chan *c = gorc_chan_new(0, 0);
    gorc_go(block_for_ever, c);
    gorc_chan_recv(c, NULL);
    return 0;
}

Test(goroutine_deadlock, g3_all_goroutines_asleep)
{
    check_exit("g3_asleep", 2, "goroutines are asleep");
}

enum { ALIKE = 2000 };

static void block_elsewhere(void *arg)
{
    gorc_chan_send(arg, NULL);
}

CHILD(g3_many_alike)
{
    gorc_chan *c = gorc_chan_new(0, 0);
    for (int i = 0; i < ALIKE; i++)
        gorc_go(block_for_ever, i % 2 ? c : NULL);
    gorc_go(block_elsewhere, NULL);
    gorc_chan_recv(gorc_chan_new(0, 0), NULL);
    return 0;
}

/* G3: goroutines that wait for the same in the same place are told once, others alone. */
Test(goroutine_deadlock, g3_goroutines_that_are_alike_are_told_once)
{
    if (gorc_detect_active())
        return; /* it has reports of its own */
    struct child_result r = run_child("g3_many_alike");
    const char *alone = strstr(r.err, "[chan send (nil chan)]:\n");
    int lines = 0, groups = 0;
    for (const char *p = r.err; (p = strchr(p, '\n')) != NULL; p++)
        lines++;
    for (const char *p = r.err; (p = strstr(p, " goroutines like this: ")) != NULL; p++)
        groups++;
    if (WEXITSTATUS(r.status) != 2 || groups != 2 || lines > 60 || !alone ||
        !strstr(r.err, "] - 1000 goroutines like this: ") || !strstr(r.err, ", ...:\n")) {
        fprintf(stderr, "status %#x, %d lines:\n%s\n", (unsigned)r.status, lines, r.err);
        abort();
    }
}

static void sleep_then_close(void *arg)
{
    gorc_sleep(30 * GORC_MILLISECOND);
    gorc_chan_close(arg);
}

/* G3: a pending timer suppresses it. */
Test(goroutine, g3_a_sleeper_is_no_deadlock)
{
    gorc_chan *c = gorc_chan_new(0, 0);
    gorc_go(sleep_then_close, c);
    CHECK(!gorc_chan_recv(c, NULL));
    gorc_chan_unref(c);
}

static void *thread_close(void *arg)
{
    usleep(30000);
    gorc_chan_close(arg);
    return NULL;
}

/* G3: so does a thread of the program that runs. */
Test(goroutine, g3_a_running_thread_is_no_deadlock)
{
    gorc_chan *c = gorc_chan_new(0, 0);
    pthread_t t;
    CHECK(pthread_create(&t, NULL, thread_close, c) == 0);
    CHECK(!gorc_chan_recv(c, NULL));
    pthread_join(t, NULL);
    gorc_chan_unref(c);
}

/* --- G4 --- */

MISUSE_TEST(goroutine_misuse, g4_go_of_nil, "nil")
{
    gorc_go(NULL, NULL);
    return 0;
}

static void abort_now(void *arg)
{
    (void)arg;
    gorc_mutex m = {0};
    gorc_mutex_unlock(&m);
}

/* G4: a misuse in any goroutine ends the process. */
MISUSE_TEST(goroutine_misuse, g4_misuse_in_a_goroutine_ends_the_process, "unlock of unlocked mutex")
{
    gorc_go(abort_now, NULL);
    gorc_chan_recv(NULL, NULL);
    return 0;
}

static void *goexit_in_thread(void *arg)
{
    (void)arg;
    gorc_goexit();
}

MISUSE_TEST(goroutine_misuse, g2_goexit_outside_a_goroutine, "goexit")
{
    pthread_t t;
    pthread_create(&t, NULL, goexit_in_thread, NULL);
    pthread_join(t, NULL);
    return 0;
}

/* --- go.h --- */

struct ids {
    uint64_t id;
    size_t number;
    gorc_waitgroup wg;
};

static void note_id(void *arg)
{
    struct ids *ids = arg;
    ids->id = gorc_goid();
    ids->number = gorc_num_goroutines();
    gorc_wg_done(&ids->wg);
}

static void *thread_id(void *arg)
{
    *(uint64_t *)arg = gorc_goid();
    return NULL;
}

Test(goroutine, ids_and_count)
{
    struct ids a = {.id = 0}, b = {.id = 0};
    uint64_t in_thread = 99;
    pthread_t t;
    CHECK_EQ(gorc_goid(), 1);
    CHECK_EQ(gorc_num_goroutines(), 1);
    gorc_wg_add(&a.wg, 1);
    gorc_wg_add(&b.wg, 1);
    CHECK_EQ(gorc_try_go(note_id, &a), 0);
    gorc_wg_wait(&a.wg);
    CHECK_EQ(a.number, 2);
    struct gorc_go_options options = {.name = "b", .stack_size = 1 << 20, .lock_thread = true};
    gorc_go_with(&options, note_id, &b);
    gorc_wg_wait(&b.wg);
    CHECK(a.id > 1 && b.id > 1 && a.id != b.id);
    CHECK(pthread_create(&t, NULL, thread_id, &in_thread) == 0);
    pthread_join(t, NULL);
    CHECK_EQ(in_thread, 0);
}

struct turns {
    atomic_int count[2];
    int rounds;
    gorc_waitgroup wg;
};

struct turn {
    struct turns *t;
    int id;
};

static void take_turns(void *arg)
{
    struct turn *me = arg;
    for (int i = 0; i < me->t->rounds; i++) {
        int other = atomic_load(&me->t->count[1 - me->id]);
        CHECK(abs(other - i) <= 1);
        atomic_fetch_add(&me->t->count[me->id], 1);
        gorc_yield();
    }
    gorc_wg_done(&me->t->wg);
}

/* G5: on one worker, yield lets the other go first, every time. */
Test(goroutine, g5_yield_alternates)
{
    one_worker();
    static struct turns t;
    struct turn who[2] = {{&t, 0}, {&t, 1}};
    t.rounds = 1000;
    gorc_wg_add(&t.wg, 2);
    gorc_go(take_turns, &who[0]);
    gorc_go(take_turns, &who[1]);
    gorc_wg_wait(&t.wg);
}

struct hog {
    gorc_chan *a, *b;
    atomic_int stop;
    gorc_waitgroup wg;
};

static void ping(void *arg)
{
    struct hog *h = arg;
    while (!atomic_load(&h->stop)) {
        gorc_chan_send(h->a, NULL);
        gorc_chan_recv(h->b, NULL);
    }
    gorc_chan_close(h->a);
    gorc_wg_done(&h->wg);
}

static void pong(void *arg)
{
    struct hog *h = arg;
    while (gorc_chan_recv(h->a, NULL))
        gorc_chan_send(h->b, NULL);
    gorc_wg_done(&h->wg);
}

/* G5 (TestPingPongHog): two goroutines that wake each other do not starve a third. */
Test(goroutine, g5_ping_pong_does_not_starve_others)
{
    one_worker();
    static struct hog h;
    h.a = gorc_chan_new(0, 0);
    h.b = gorc_chan_new(0, 0);
    gorc_wg_add(&h.wg, 2);
    gorc_go(ping, &h);
    gorc_go(pong, &h);
    for (int i = 0; i < 100; i++)
        gorc_yield();
    atomic_store(&h.stop, 1);
    gorc_wg_wait(&h.wg);
    gorc_chan_unref(h.a);
    gorc_chan_unref(h.b);
}

static void keep_errno(void *arg)
{
    struct turn *me = arg;
    for (int i = 0; i < me->t->rounds; i++) {
        errno = 1000 + me->id;
        gorc_yield();
        CHECK_EQ(errno, 1000 + me->id);
    }
    gorc_wg_done(&me->t->wg);
}

Test(goroutine, errno_belongs_to_the_goroutine)
{
    static struct turns t;
    struct turn who[8];
    t.rounds = scaled(2000);
    gorc_wg_add(&t.wg, 8);
    for (int i = 0; i < 8; i++) {
        who[i] = (struct turn){&t, i};
        gorc_go(keep_errno, &who[i]);
    }
    gorc_wg_wait(&t.wg);
}

struct tree {
    atomic_long leaves;
    gorc_waitgroup wg;
};

struct node {
    struct tree *t;
    int depth;
};

static void grow(void *arg)
{
    struct node n = *(struct node *)arg;
    free(arg);
    if (n.depth == 0) {
        atomic_fetch_add(&n.t->leaves, 1);
    } else {
        gorc_wg_add(&n.t->wg, 2);
        for (int i = 0; i < 2; i++) {
            struct node *child = malloc(sizeof(*child));
            *child = (struct node){n.t, n.depth - 1};
            gorc_go(grow, child);
        }
    }
    gorc_wg_done(&n.t->wg);
}

/* Goroutines that make goroutines, on all workers: all run, none twice. */
Test(goroutine, g5_tree_of_goroutines, .timeout = 500)
{
    static struct tree t;
    int depth = scaled(1 << 15) >= 1 << 15 ? 15 : 10;
    struct node *root = malloc(sizeof(*root));
    *root = (struct node){&t, depth};
    gorc_wg_add(&t.wg, 1);
    gorc_go(grow, root);
    gorc_wg_wait(&t.wg);
    CHECK_EQ(atomic_load(&t.leaves), 1L << depth);
}

static void *thread_user(void *arg)
{
    gorc_chan *c = arg;
    int sum = 0, v;
    while (gorc_chan_recv(c, &v))
        sum += v;
    return (void *)(intptr_t)sum;
}

/* Any thread may call: it blocks, its goroutine partners park. */
Test(goroutine, threads_take_part)
{
    gorc_chan *c = gorc_chan_new(sizeof(int), 0);
    pthread_t t[3];
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&t[i], NULL, thread_user, c) == 0);
    int n = scaled(3000);
    for (int i = 1; i <= n; i++)
        gorc_chan_send(c, &i);
    gorc_chan_close(c);
    long sum = 0;
    for (int i = 0; i < 3; i++) {
        void *part;
        pthread_join(t[i], &part);
        sum += (long)(intptr_t)part;
    }
    CHECK_EQ(sum, (long)n * (n + 1) / 2);
    gorc_chan_unref(c);
}
