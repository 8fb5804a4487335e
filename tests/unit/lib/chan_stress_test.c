/* SPDX-License-Identifier: MIT
 *
 * Channels under many workers: every value arrives exactly once, and each producer's values arrive
 * in order (C1), whatever mixture of blocking, trying, timed and selecting operations is used.
 */
#include "unit.h"

#include <pthread.h>

struct item {
    int producer, number;
    unsigned check;
};

struct plant {
    gorc_chan *c[2];
    int producers, consumers, each, kind;
    atomic_int *seen; /* [producer * each + number] */
    gorc_waitgroup made, used;
};

struct hand {
    struct plant *p;
    int id;
};

static unsigned mix(int producer, int number)
{
    return (unsigned)producer * 2654435761u ^ (unsigned)number * 40503u;
}

static void put(struct plant *p, const struct item *it)
{
    gorc_chan *c = p->c[0];
    switch ((it->number + p->kind) % 4) {
    case 0: /* not for ever: two that only try never meet on an unbuffered channel */
        for (int i = 0; i < 20; i++) {
            if (gorc_chan_try_send(c, it))
                return;
            gorc_yield();
        }
        gorc_chan_send(c, it);
        break;
    case 1: {
        gorc_case cases[2] = {gorc_case_send(c, it), gorc_case_recv(p->c[1], NULL)};
        CHECK_EQ(gorc_select(cases, 2), 0);
        break;
    }
    case 2:
        while (gorc_chan_send_until(c, it, gorc_now() + GORC_MILLISECOND) != 0)
            ;
        break;
    default:
        gorc_chan_send(c, it);
    }
}

static void produce(void *arg)
{
    struct hand *me = arg;
    for (int i = 0; i < me->p->each; i++) {
        struct item it = {me->id, i, mix(me->id, i)};
        put(me->p, &it);
    }
    gorc_wg_done(&me->p->made);
}

/* False: closed and drained. */
static bool take(struct plant *p, int way, struct item *it)
{
    gorc_chan *c = p->c[0];
    int r;
    switch (way % 4) {
    case 0:
        for (int i = 0; i < 20; i++) {
            if ((r = gorc_chan_try_recv(c, it)) != -EAGAIN)
                return r == 1;
            gorc_yield();
        }
        return gorc_chan_recv(c, it);
    case 1: {
        gorc_case cases[2] = {gorc_case_recv(p->c[1], NULL), gorc_case_recv(c, it)};
        CHECK_EQ(gorc_select(cases, 2), 1);
        return cases[1].ok;
    }
    case 2:
        while ((r = gorc_chan_recv_until(c, it, gorc_now() + GORC_MILLISECOND)) == -ETIMEDOUT)
            ;
        return r == 1;
    default:
        return gorc_chan_recv(c, it);
    }
}

static void consume(void *arg)
{
    struct hand *me = arg;
    struct plant *p = me->p;
    int *last = calloc((size_t)p->producers, sizeof(*last));
    struct item it;
    for (int i = me->id; take(p, i, &it); i++) {
        CHECK(it.producer >= 0 && it.producer < p->producers);
        CHECK_EQ(it.check, mix(it.producer, it.number));
        CHECK(it.number >= last[it.producer]); /* C1: first in, first out per producer */
        last[it.producer] = it.number + 1;
        CHECK_EQ(atomic_fetch_add(&p->seen[it.producer * p->each + it.number], 1), 0);
    }
    free(last);
    gorc_wg_done(&p->used);
}

static void *consume_thread(void *arg)
{
    consume(arg);
    return NULL;
}

static void run_plant(int producers, int consumers, size_t cap, int each, int kind, bool threads)
{
    struct plant p = {.producers = producers, .consumers = consumers, .each = each, .kind = kind};
    struct hand hands[64];
    pthread_t t[64];
    p.c[0] = gorc_chan_new(sizeof(struct item), cap);
    p.c[1] = gorc_chan_new(0, 0); /* nothing ever comes */
    p.seen = calloc((size_t)(producers * each), sizeof(*p.seen));
    gorc_wg_add(&p.made, producers);
    gorc_wg_add(&p.used, consumers);
    for (int i = 0; i < consumers; i++) {
        hands[i] = (struct hand){&p, i};
        if (threads)
            CHECK(pthread_create(&t[i], NULL, consume_thread, &hands[i]) == 0);
        else
            gorc_go(consume, &hands[i]);
    }
    for (int i = 0; i < producers; i++) {
        hands[consumers + i] = (struct hand){&p, i};
        gorc_go(produce, &hands[consumers + i]);
    }
    gorc_wg_wait(&p.made);
    gorc_chan_close(p.c[0]);
    gorc_wg_wait(&p.used);
    for (int i = 0; threads && i < consumers; i++)
        pthread_join(t[i], NULL);
    for (int i = 0; i < producers * each; i++)
        CHECK_EQ(atomic_load(&p.seen[i]), 1);
    free(p.seen);
    gorc_chan_unref(p.c[0]);
    gorc_chan_unref(p.c[1]);
}

/* C1, S5, C12 */
Test(chan_stress, c1_conservation_and_order, .timeout = 500)
{
    static const size_t caps[] = {0, 1, 2, 128};
    for (size_t i = 0; i < sizeof(caps) / sizeof(*caps); i++) {
        run_plant(1, 1, caps[i], scaled(40000), 0, false);
        run_plant(4, 4, caps[i], scaled(10000), 1, false);
        run_plant(16, 16, caps[i], scaled(2500), 2, false);
        run_plant(1, 8, caps[i], scaled(20000), 3, false);
        run_plant(8, 1, caps[i], scaled(2500), 0, false);
    }
}

Test(chan_stress, c1_threads_as_consumers, .timeout = 500)
{
    run_plant(4, 3, 0, scaled(1000), 0, true);
    run_plant(4, 3, 16, scaled(1000), 1, true);
}

struct crowd {
    gorc_chan *c;
    atomic_int closed_seen;
    gorc_waitgroup wg;
};

static void wait_for_close(void *arg)
{
    struct crowd *k = arg;
    gorc_case cases[2] = {gorc_case_recv(k->c, NULL), gorc_case_after(100 * GORC_SECOND)};
    if (atomic_load(&k->closed_seen) % 2)
        CHECK_EQ(gorc_select(cases, 2), 0);
    else
        CHECK(!gorc_chan_recv(k->c, NULL));
    atomic_fetch_add(&k->closed_seen, 1);
    gorc_wg_done(&k->wg);
}

/* C5: one close releases everybody, also those that come while it happens. */
Test(chan_stress, c5_close_releases_a_crowd, .timeout = 500)
{
    for (int round = 0; round < scaled(100); round++) {
        struct crowd *k = calloc(1, sizeof(*k));
        k->c = gorc_chan_new(sizeof(int), (size_t)(round % 3));
        gorc_wg_add(&k->wg, 50);
        for (int i = 0; i < 50; i++) {
            gorc_go(wait_for_close, k);
            if (i == round % 50)
                gorc_chan_close(k->c);
        }
        gorc_wg_wait(&k->wg);
        CHECK_EQ(atomic_load(&k->closed_seen), 50);
        gorc_chan_unref(k->c);
        free(k);
    }
}

struct sieve {
    gorc_chan *in, *out;
    int prime;
};

static void filter(void *arg)
{
    struct sieve *s = arg;
    for (int v; gorc_chan_recv(s->in, &v);)
        if (v % s->prime)
            gorc_chan_send(s->out, &v);
    gorc_chan_close(s->out);
    gorc_chan_unref(s->in);
    gorc_chan_unref(s->out);
    free(s);
}

static void numbers(void *arg)
{
    gorc_chan *c = arg;
    for (int i = 2; i < 1000; i++)
        gorc_chan_send(c, &i);
    gorc_chan_close(c);
    gorc_chan_unref(c);
}

/* The concurrent prime sieve: a pipeline that grows while it runs. */
Test(chan_stress, c10_prime_sieve, .timeout = 500)
{
    gorc_chan *c = gorc_chan_new(sizeof(int), 0);
    gorc_go(numbers, gorc_chan_ref(c));
    int n = 0, last = 0;
    for (int prime; gorc_chan_recv(c, &prime); n++) {
        struct sieve *s = malloc(sizeof(*s));
        *s = (struct sieve){c, gorc_chan_new(sizeof(int), 0), prime};
        c = gorc_chan_ref(s->out);
        gorc_go(filter, s);
        last = prime;
    }
    CHECK_EQ(n, 168);
    CHECK_EQ(last, 997);
    gorc_chan_unref(c);
}
