/* SPDX-License-Identifier: MIT
 *
 * library WORK N: the library's benchmarks; go/main.go does the same work in Go. Prints a check
 * that must be equal in both.
 */
#include <gorc.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY = 128, BATCH = 1000, CASES = 4 };

/* --- channels --- */

struct pipe {
    gorc_chan *in, *out;
    int64_t n;
    int64_t sum;
};

static void echo_main(void *arg)
{
    struct pipe *p = arg;
    int64_t v;

    while (gorc_chan_recv(p->in, &v)) {
        v++;
        gorc_chan_send(p->out, &v);
    }
    gorc_chan_close(p->out);
}

static int64_t ping_pong(int64_t n)
{
    struct pipe p = {gorc_chan_new(sizeof(int64_t), 0), gorc_chan_new(sizeof(int64_t), 0), n, 0};
    int64_t v = 0;

    gorc_go(echo_main, &p);
    for (int64_t i = 0; i < n; i++) {
        gorc_chan_send(p.in, &v);
        gorc_chan_recv(p.out, &v);
    }
    gorc_chan_close(p.in);
    gorc_chan_recv(p.out, NULL); /* the other one is done with p */
    gorc_chan_unref(p.in);
    gorc_chan_unref(p.out);
    return v;
}

struct buffered {
    gorc_chan *c;
    gorc_chan *sums;
    gorc_waitgroup producers;
    int64_t each;
};

static void producer_main(void *arg)
{
    struct buffered *b = arg;

    for (int64_t i = 0; i < b->each; i++)
        gorc_chan_send(b->c, &i);
    gorc_wg_done(&b->producers);
}

static void consumer_main(void *arg)
{
    struct buffered *b = arg;
    int64_t v, sum = 0;

    while (gorc_chan_recv(b->c, &v))
        sum += v;
    gorc_chan_send(b->sums, &sum);
}

static int64_t buffered(int64_t n, int pairs)
{
    struct buffered b = {.c = gorc_chan_new(sizeof(int64_t), CAPACITY),
        .sums = gorc_chan_new(sizeof(int64_t), 0),
        .each = n / pairs};
    int64_t sum = 0, v;

    gorc_wg_add(&b.producers, pairs);
    for (int i = 0; i < pairs; i++) {
        gorc_go(producer_main, &b);
        gorc_go(consumer_main, &b);
    }
    gorc_wg_wait(&b.producers);
    gorc_chan_close(b.c);
    for (int i = 0; i < pairs; i++) {
        gorc_chan_recv(b.sums, &v);
        sum += v;
    }
    gorc_chan_unref(b.c);
    gorc_chan_unref(b.sums);
    return sum;
}

static int64_t buffered_1(int64_t n)
{
    return buffered(n, 1);
}

static int64_t buffered_4(int64_t n)
{
    return buffered(n, 4);
}

static int64_t buffered_16(int64_t n)
{
    return buffered(n, 16);
}

/* --- goroutines --- */

static void one_main(void *arg)
{
    int64_t v = 1;

    gorc_chan_send(arg, &v);
}

static int64_t spawn_join(int64_t n)
{
    gorc_chan *c = gorc_chan_new(sizeof(int64_t), 0);
    int64_t sum = 0, v;

    for (int64_t i = 0; i < n; i++) {
        gorc_go(one_main, c);
        gorc_chan_recv(c, &v);
        sum += v;
    }
    gorc_chan_unref(c);
    return sum;
}

struct slot {
    int64_t value;
    gorc_waitgroup *wg;
};

static void slot_main(void *arg)
{
    struct slot *s = arg;

    s->value++;
    gorc_wg_done(s->wg);
}

static int64_t spawn_batches(int64_t n)
{
    static struct slot slots[BATCH];
    gorc_waitgroup wg = {0};
    int64_t sum = 0;

    for (int64_t i = 0; i < n / BATCH; i++) {
        gorc_wg_add(&wg, BATCH);
        for (int k = 0; k < BATCH; k++) {
            slots[k].wg = &wg;
            gorc_go(slot_main, &slots[k]);
        }
        gorc_wg_wait(&wg);
    }
    for (int k = 0; k < BATCH; k++)
        sum += slots[k].value;
    return sum;
}

struct yielder {
    int64_t n;
    gorc_waitgroup wg;
};

static void yield_main(void *arg)
{
    struct yielder *y = arg;

    for (int64_t i = 0; i < y->n; i++)
        gorc_yield();
    gorc_wg_done(&y->wg);
}

static int64_t yield_both(int64_t n)
{
    struct yielder y = {.n = n / 2};

    gorc_wg_add(&y.wg, 2);
    gorc_go(yield_main, &y);
    gorc_go(yield_main, &y);
    gorc_wg_wait(&y.wg);
    return n;
}

/* --- select --- */

static void make_channels(gorc_chan *c[CASES], size_t capacity)
{
    for (int i = 0; i < CASES; i++)
        c[i] = gorc_chan_new(sizeof(int64_t), capacity);
}

static void unref_channels(gorc_chan *c[CASES])
{
    for (int i = 0; i < CASES; i++)
        gorc_chan_unref(c[i]);
}

static int64_t select_default(int64_t n)
{
    gorc_chan *c[CASES];
    gorc_case cases[CASES];
    int64_t v, none = 0;

    make_channels(c, 0);
    for (int i = 0; i < CASES; i++)
        cases[i] = gorc_case_recv(c[i], &v);
    for (int64_t i = 0; i < n; i++)
        none += gorc_select_try(cases, CASES) < 0;
    unref_channels(c);
    return none;
}

static int64_t select_ready(int64_t n)
{
    gorc_chan *c[CASES];
    gorc_case cases[CASES];
    int64_t v, sum = 0;

    make_channels(c, 1);
    for (int i = 0; i < CASES; i++)
        cases[i] = gorc_case_recv(c[i], &v);
    for (int64_t i = 0; i < n; i++) {
        gorc_chan_send(c[i % CASES], &i);
        sum += gorc_select(cases, CASES);
        sum += v;
    }
    unref_channels(c);
    return sum;
}

struct selecter {
    gorc_chan *c[CASES];
    gorc_chan *ack;
};

static void select_main(void *arg)
{
    struct selecter *s = arg;
    gorc_case cases[CASES];
    int64_t v;

    for (int i = 0; i < CASES; i++)
        cases[i] = gorc_case_recv(s->c[i], &v);
    for (;;) {
        int64_t sum = gorc_select(cases, CASES) + v;
        gorc_chan_send(s->ack, &sum);
    }
}

static int64_t select_blocking(int64_t n)
{
    struct selecter s;
    int64_t v, sum = 0;

    make_channels(s.c, 0);
    s.ack = gorc_chan_new(sizeof(int64_t), 0);
    gorc_go(select_main, &s);
    for (int64_t i = 0; i < n; i++) {
        gorc_chan_send(s.c[i % CASES], &i);
        gorc_chan_recv(s.ack, &v);
        sum += v;
    }
    return sum;
}

/* --- locks --- */

struct counted {
    gorc_mutex m;
    gorc_rwmutex rw;
    int64_t count;
    int64_t each;
    gorc_waitgroup wg;
};

static void lock_main(void *arg)
{
    struct counted *c = arg;

    for (int64_t i = 0; i < c->each; i++) {
        gorc_mutex_lock(&c->m);
        c->count++;
        gorc_mutex_unlock(&c->m);
    }
    gorc_wg_done(&c->wg);
}

static int64_t mutex_n(int64_t n, int goroutines)
{
    struct counted c = {.each = n / goroutines};

    gorc_wg_add(&c.wg, goroutines);
    for (int i = 0; i < goroutines; i++)
        gorc_go(lock_main, &c);
    gorc_wg_wait(&c.wg);
    return c.count;
}

static int64_t mutex_1(int64_t n)
{
    return mutex_n(n, 1);
}

static int64_t mutex_4(int64_t n)
{
    return mutex_n(n, 4);
}

static void rlock_main(void *arg)
{
    struct counted *c = arg;
    int64_t sum = 0;

    for (int64_t i = 0; i < c->each; i++) {
        gorc_rwmutex_rlock(&c->rw);
        sum += c->count;
        gorc_rwmutex_runlock(&c->rw);
    }
    if (sum == c->each)
        gorc_wg_done(&c->wg);
}

static int64_t rwmutex_read(int64_t n)
{
    struct counted c = {.each = n / 2, .count = 1};

    gorc_wg_add(&c.wg, 2);
    gorc_go(rlock_main, &c);
    gorc_go(rlock_main, &c);
    gorc_wg_wait(&c.wg);
    return n;
}

/* --- time --- */

struct sleepers {
    gorc_waitgroup wg;
    gorc_mutex m;
    int64_t latest;
};

struct sleeper {
    struct sleepers *all;
    int64_t due;
};

static void sleep_main(void *arg)
{
    struct sleeper *s = arg;
    struct sleepers *all = s->all;

    gorc_sleep(s->due - gorc_now());
    int64_t late = gorc_now() - s->due;
    gorc_mutex_lock(&all->m);
    if (late > all->latest)
        all->latest = late;
    gorc_mutex_unlock(&all->m);
    gorc_wg_done(&all->wg);
}

/* All asleep before the first is due, 2 s from now; then due over half a second. Microseconds that
 * the latest was late. */
static int64_t sleepers_late(int64_t n)
{
    struct sleepers all = {.latest = 0};
    struct sleeper *s = malloc((size_t)n * sizeof(*s));
    int64_t start = gorc_now() + 2 * GORC_SECOND;

    gorc_wg_add(&all.wg, (int)n);
    for (int64_t i = 0; i < n; i++) {
        s[i] = (struct sleeper){&all, start + i * 7919 % n * (GORC_SECOND / 2) / n};
        gorc_go(sleep_main, &s[i]);
    }
    gorc_wg_wait(&all.wg);
    free(s);
    return all.latest / 1000;
}

static int64_t sleepers(int64_t n)
{
    sleepers_late(n);
    return n;
}

static const struct {
    const char *name;
    int64_t (*run)(int64_t n);
} works[] = {
    {"ping-pong", ping_pong},
    {"buffered-1", buffered_1},
    {"buffered-4", buffered_4},
    {"buffered-16", buffered_16},
    {"spawn-join", spawn_join},
    {"spawn-batches", spawn_batches},
    {"yield", yield_both},
    {"select-default", select_default},
    {"select-ready", select_ready},
    {"select-blocking", select_blocking},
    {"mutex-1", mutex_1},
    {"mutex-4", mutex_4},
    {"rwmutex-read", rwmutex_read},
    {"sleepers", sleepers},
    {"sleepers-late", sleepers_late},
};

int main(int argc, char **argv)
{
    if (argc == 3)
        for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++)
            if (strcmp(works[i].name, argv[1]) == 0) {
                printf("%" PRId64 "\n", works[i].run(atoll(argv[2])));
                return 0;
            }
    fprintf(stderr, "usage: library WORK N\n");
    return 2;
}
