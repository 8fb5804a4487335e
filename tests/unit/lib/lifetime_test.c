/* SPDX-License-Identifier: MIT
 *
 * Rule L1: after the step of an operation that another task can observe the library touches the
 * object no more, so the observer may free it at once. Each test frees in the observer, thousands
 * of times, on all workers; AddressSanitizer (check-asan) makes a late access certain to be seen.
 * Rule L2: none of this is a race or a misuse (check-race runs these too).
 */
#include "unit.h"

#include <pthread.h>

static int rounds(void)
{
    return scaled(4000);
}

/* --- L1: unref after receive, done channel --- */

static void l1_send_then_forget(void *arg)
{
    gorc_chan_send(arg, NULL);
    gorc_chan_unref(arg);
}

Test(lifetime, l1_receiver_drops_the_channel)
{
    for (int i = 0; i < rounds(); i++) {
        gorc_chan *c = gorc_chan_new(0, (size_t)(i % 2));
        gorc_go(l1_send_then_forget, gorc_chan_ref(c));
        gorc_chan_recv(c, NULL);
        gorc_chan_unref(c);
    }
}

/* The value handed over is the last reference: the sender has none. */
struct owned {
    gorc_chan *c;
    char bytes[64];
};

static void l1_send_owned(void *arg)
{
    struct owned *o = arg;
    gorc_chan *c = o->c;
    gorc_chan_send(c, &o); /* from here on o, and c, are the receiver's */
}

Test(lifetime, l1_receiver_frees_what_it_gets_and_the_channel)
{
    for (int i = 0; i < rounds(); i++) {
        struct owned *o = malloc(sizeof(*o)), *got;
        o->c = gorc_chan_new(sizeof(o), (size_t)(i % 3));
        gorc_chan *c = o->c;
        gorc_go(l1_send_owned, o);
        gorc_chan_recv(c, &got);
        gorc_chan_unref(c);
        memset(got, 0xdd, sizeof(*got));
        free(got);
    }
}

static void l1_close_done(void *arg)
{
    gorc_chan_close(arg);
}

Test(lifetime, l1_done_channel_is_freed_after_the_close_is_seen)
{
    for (int i = 0; i < rounds(); i++) {
        gorc_chan *done = gorc_chan_new(0, 0);
        gorc_go(l1_close_done, done);
        if (i % 3 == 0) {
            gorc_case cases[2] = {gorc_case_recv(done, NULL), gorc_case_after(GORC_SECOND * 100)};
            CHECK_EQ(gorc_select(cases, 2), 0);
        } else if (i % 3 == 1) {
            gorc_chan_recv(done, NULL);
        } else {
            while (gorc_chan_try_recv(done, NULL) != 0)
                gorc_yield();
        }
        gorc_chan_unref(done);
    }
}

struct two_chans {
    gorc_chan *a, *b;
};

static void l1_select_send(void *arg)
{
    struct two_chans *t = arg;
    int v = 1;
    gorc_case cases[2] = {gorc_case_send(t->a, &v), gorc_case_recv(t->b, NULL)};
    gorc_select(cases, 2);
    gorc_chan_unref(t->a);
    gorc_chan_unref(t->b);
    free(t);
}

Test(lifetime, l1_select_after_the_other_side_has_gone)
{
    for (int i = 0; i < rounds(); i++) {
        struct two_chans *t = malloc(sizeof(*t));
        gorc_chan *a = gorc_chan_new(sizeof(int), 0), *b = gorc_chan_new(0, 0);
        *t = (struct two_chans){gorc_chan_ref(a), gorc_chan_ref(b)};
        gorc_go(l1_select_send, t);
        int v;
        if (i % 2)
            gorc_chan_recv(a, &v);
        else
            gorc_chan_close(b);
        gorc_chan_unref(a);
        gorc_chan_unref(b);
    }
}

/* --- L1: a wait group on a stack, in a freed struct --- */

static void l1_done(void *arg)
{
    gorc_wg_done(arg);
}

__attribute__((noinline)) static void with_group_on_stack(int n)
{
    gorc_waitgroup wg = {0};
    gorc_wg_add(&wg, n);
    for (int i = 0; i < n; i++)
        gorc_go(l1_done, &wg);
    gorc_wg_wait(&wg);
    memset(&wg, 0xdd, sizeof(wg));
}

Test(lifetime, l1_wait_group_on_a_stack)
{
    for (int i = 0; i < rounds(); i++)
        with_group_on_stack(1 + i % 4);
}

static void nothing(void *arg)
{
    (void)arg;
}

Test(lifetime, l1_wait_group_is_freed_after_wait)
{
    for (int i = 0; i < rounds(); i++) {
        gorc_waitgroup *wg = calloc(1, sizeof(*wg));
        for (int k = 0; k < 3; k++)
            gorc_wg_go(wg, nothing, NULL);
        gorc_wg_wait(wg);
        memset(wg, 0xdd, sizeof(*wg));
        free(wg);
    }
}

static void *l1_done_thread(void *arg)
{
    gorc_wg_done(arg);
    return NULL;
}

Test(lifetime, l1_wait_group_done_by_a_thread)
{
    for (int i = 0; i < scaled(400); i++) {
        gorc_waitgroup *wg = calloc(1, sizeof(*wg));
        pthread_t t;
        gorc_wg_add(wg, 1);
        CHECK(pthread_create(&t, NULL, l1_done_thread, wg) == 0);
        gorc_wg_wait(wg);
        memset(wg, 0xdd, sizeof(*wg));
        free(wg);
        pthread_join(t, NULL);
    }
}

/* --- L1: a lock in a struct with a reference count that it guards --- */

struct counted {
    gorc_mutex m;
    gorc_rwmutex rw;
    int refs; /* guarded by m, or by rw in the tests of rw */
    gorc_chan *freed;
};

static void counted_free(struct counted *o)
{
    gorc_chan *freed = o->freed;
    memset(o, 0xdd, sizeof(*o));
    free(o);
    gorc_chan_send(freed, NULL);
}

static void l1_mutex_drop(void *arg)
{
    struct counted *o = arg;
    gorc_mutex_lock(&o->m);
    bool last = --o->refs == 0;
    gorc_mutex_unlock(&o->m);
    if (last)
        counted_free(o);
}

static void l1_try_drop(void *arg)
{
    struct counted *o = arg;
    while (!gorc_mutex_try_lock(&o->m))
        gorc_yield();
    bool last = --o->refs == 0;
    gorc_mutex_unlock(&o->m);
    if (last)
        counted_free(o);
}

static void l1_write_drop(void *arg)
{
    struct counted *o = arg;
    gorc_rwmutex_rlock(&o->rw);
    CHECK(o->refs > 0);
    gorc_rwmutex_runlock(&o->rw);
    gorc_rwmutex_lock(&o->rw);
    bool last = --o->refs == 0;
    gorc_rwmutex_unlock(&o->rw);
    if (last)
        counted_free(o);
}

static void drop_many(gorc_fn a, gorc_fn b, int n, int times)
{
    gorc_chan *freed = gorc_chan_new(0, 0);
    for (int i = 0; i < times; i++) {
        struct counted *o = calloc(1, sizeof(*o));
        o->refs = n;
        o->freed = freed;
        for (int k = 0; k < n; k++)
            gorc_go(k % 2 ? a : b, o);
        gorc_chan_recv(freed, NULL);
    }
    gorc_chan_unref(freed);
}

Test(lifetime, l1_mutex_in_a_counted_struct)
{
    drop_many(l1_mutex_drop, l1_mutex_drop, 2, rounds());
    drop_many(l1_mutex_drop, l1_mutex_drop, 8, rounds() / 4);
    drop_many(l1_mutex_drop, l1_try_drop, 4, rounds() / 2);
}

Test(lifetime, l1_rwmutex_in_a_counted_struct)
{
    drop_many(l1_write_drop, l1_write_drop, 2, rounds());
    drop_many(l1_write_drop, l1_write_drop, 8, rounds() / 4);
}

/* The last reader to leave frees: readers count themselves out under a mutex of their own. */
struct read_shared {
    gorc_rwmutex rw;
    atomic_int refs;
    gorc_chan *freed;
};

static void l1_reader(void *arg)
{
    struct read_shared *s = arg;
    gorc_rwmutex_rlock(&s->rw);
    gorc_rwmutex_runlock(&s->rw);
    if (atomic_fetch_sub(&s->refs, 1) == 1) {
        gorc_chan *freed = s->freed;
        memset((void *)s, 0xdd, sizeof(*s));
        free(s);
        gorc_chan_send(freed, NULL);
    }
}

static void l1_writer(void *arg)
{
    struct read_shared *s = arg;
    gorc_rwmutex_lock(&s->rw);
    gorc_rwmutex_unlock(&s->rw);
    if (atomic_fetch_sub(&s->refs, 1) == 1) {
        gorc_chan *freed = s->freed;
        memset((void *)s, 0xdd, sizeof(*s));
        free(s);
        gorc_chan_send(freed, NULL);
    }
}

Test(lifetime, l1_rwmutex_freed_by_whoever_is_last)
{
    gorc_chan *freed = gorc_chan_new(0, 0);
    for (int i = 0; i < rounds(); i++) {
        struct read_shared *s = calloc(1, sizeof(*s));
        int n = 2 + i % 6;
        atomic_store(&s->refs, n);
        s->freed = freed;
        for (int k = 0; k < n; k++)
            gorc_go((k + i) % 3 ? l1_reader : l1_writer, s);
        gorc_chan_recv(freed, NULL);
    }
    gorc_chan_unref(freed);
}

/* --- L1: handed over from a mutex's holder to the waiter, which frees --- */

struct relay {
    gorc_mutex m;
};

static void l1_unlock(void *arg)
{
    struct relay *r = arg;
    gorc_mutex_unlock(&r->m);
}

/* The unlock is what lets the observer go on; it frees the mutex right after its own unlock. */
Test(lifetime, l1_mutex_freed_after_anothers_unlock)
{
    for (int i = 0; i < rounds(); i++) {
        struct relay *r = calloc(1, sizeof(*r));
        gorc_mutex_lock(&r->m);
        gorc_go(l1_unlock, r);
        gorc_mutex_lock(&r->m);
        gorc_mutex_unlock(&r->m);
        memset(r, 0xdd, sizeof(*r));
        free(r);
    }
}

/* --- L1: once and cond --- */

struct lazy {
    gorc_once once;
    int value;
    atomic_int refs;
    gorc_chan *freed;
};

static void l1_init(void *arg)
{
    ((struct lazy *)arg)->value = 1;
    gorc_yield();
}

static void l1_use_once(void *arg)
{
    struct lazy *l = arg;
    gorc_once_do(&l->once, l1_init, l);
    CHECK_EQ(l->value, 1);
    if (atomic_fetch_sub(&l->refs, 1) == 1) {
        gorc_chan *freed = l->freed;
        memset((void *)l, 0xdd, sizeof(*l));
        free(l);
        gorc_chan_send(freed, NULL);
    }
}

Test(lifetime, l1_once_freed_by_the_last_user)
{
    gorc_chan *freed = gorc_chan_new(0, 0);
    for (int i = 0; i < rounds() / 2; i++) {
        struct lazy *l = calloc(1, sizeof(*l));
        atomic_store(&l->refs, 4);
        l->freed = freed;
        for (int k = 0; k < 4; k++)
            gorc_go(l1_use_once, l);
        gorc_chan_recv(freed, NULL);
    }
    gorc_chan_unref(freed);
}

struct event {
    gorc_mutex m;
    gorc_cond c;
    bool set; /* guarded by m */
};

static void l1_set_event(void *arg)
{
    struct event *e = arg;
    gorc_mutex_lock(&e->m);
    e->set = true;
    gorc_cond_broadcast(&e->c);
    gorc_mutex_unlock(&e->m); /* from here on the event may be gone */
}

Test(lifetime, l1_cond_and_mutex_freed_by_the_waiter)
{
    for (int i = 0; i < rounds(); i++) {
        struct event *e = calloc(1, sizeof(*e));
        gorc_go(l1_set_event, e);
        gorc_mutex_lock(&e->m);
        while (!e->set)
            gorc_cond_wait(&e->c, &e->m);
        gorc_mutex_unlock(&e->m);
        memset(e, 0xdd, sizeof(*e));
        free(e);
    }
}

/* L2: the argument of a goroutine may be freed by it, the value sent may be a stack variable. */
static void l2_take_argument(void *arg)
{
    struct owned *o = arg;
    gorc_chan *c = o->c;
    int v = o->bytes[0];
    free(o);
    gorc_chan_send(c, &v);
}

Test(lifetime, l2_ownership_moves_by_go_and_by_channel)
{
    gorc_chan *c = gorc_chan_new(sizeof(int), 0);
    for (int i = 0; i < rounds(); i++) {
        struct owned *o = malloc(sizeof(*o));
        int v;
        o->c = c;
        o->bytes[0] = (char)(i % 100);
        gorc_go(l2_take_argument, o);
        gorc_chan_recv(c, &v);
        CHECK_EQ(v, i % 100);
    }
    gorc_chan_unref(c);
}
