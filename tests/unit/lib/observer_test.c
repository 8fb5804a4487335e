/* SPDX-License-Identifier: MIT
 *
 * Rule L1, one operation at a time: main makes an object and holds it, an observer waits for it,
 * main gives it away by one operation and never touches it again; the observer frees it as soon as
 * it can go on, while main may still be inside that operation. The observer is a thread, which the
 * wake-up lets run at once on another processor, or a goroutine. Rule L2: the detector reports
 * nothing.
 */
#include "unit.h"

#include <pthread.h>

struct object {
    gorc_mutex m;
    gorc_rwmutex rw;
    gorc_waitgroup wg;
    gorc_once once;
    gorc_cond c;
    gorc_chan *chan;
    bool set; /* guarded by m */
};

struct kind {
    void (*hold)(struct object *);
    void (*give)(struct object *);
    void (*observe)(struct object *);
};

static gorc_chan *objects; /* to the observer */
static gorc_chan *freed;   /* from the observer, after the free */
static const struct kind *kind;

static void observe_all(void *arg)
{
    (void)arg;
    for (struct object *o; gorc_chan_recv(objects, &o);) {
        kind->observe(o);
        memset(o, 0xdd, sizeof(*o));
        free(o);
        gorc_chan_send(freed, NULL);
    }
}

static void *observer_thread(void *arg)
{
    observe_all(arg);
    return NULL;
}

static void pause_for(int n)
{
    for (atomic_int i = 0; i < n; i++)
        ;
}

static void hand_out(struct object *o)
{
    gorc_chan_send(objects, &o);
}

static void give_all(int rounds)
{
    for (int i = 0; i < rounds; i++) {
        struct object *o = calloc(1, sizeof(*o));
        kind->hold(o);
        if (kind->give) {
            hand_out(o);
            pause_for(i % 64 * 20); /* sometimes the observer waits already, sometimes not */
            if (i % 3 == 0)
                gorc_yield();
            kind->give(o);
        }
        gorc_chan_recv(freed, NULL);
    }
}

static void run(const struct kind *k)
{
    pthread_t t;
    kind = k;
    objects = gorc_chan_new(sizeof(struct object *), 0);
    freed = gorc_chan_new(0, 1);
    gorc_waitgroup wg = {0};
    CHECK(pthread_create(&t, NULL, observer_thread, NULL) == 0);
    give_all(scaled(3000));
    gorc_chan_close(objects);
    pthread_join(t, NULL);
    gorc_chan_unref(objects);
    objects = gorc_chan_new(sizeof(struct object *), 0);
    gorc_wg_go(&wg, observe_all, NULL);
    give_all(scaled(3000));
    gorc_chan_close(objects);
    gorc_wg_wait(&wg);
    gorc_chan_unref(objects);
    gorc_chan_unref(freed);
}

#define OBSERVER_TEST(name, hold, give, observe)                                                   \
    Test(observer, name, .timeout = 500)                                                           \
    {                                                                                              \
        static const struct kind k = {hold, give, observe};                                        \
        run(&k);                                                                                   \
    }

/* --- mutex --- */

static void lock(struct object *o)
{
    gorc_mutex_lock(&o->m);
}

static void unlock(struct object *o)
{
    gorc_mutex_unlock(&o->m);
}

static void lock_and_unlock(struct object *o)
{
    gorc_mutex_lock(&o->m);
    gorc_mutex_unlock(&o->m);
}

static void try_lock_and_unlock(struct object *o)
{
    while (!gorc_mutex_try_lock(&o->m))
        gorc_yield();
    gorc_mutex_unlock(&o->m);
}

OBSERVER_TEST(l1_l2_mutex_unlock_seen_by_lock, lock, unlock, lock_and_unlock)
OBSERVER_TEST(l1_mutex_unlock_seen_by_try_lock, lock, unlock, try_lock_and_unlock)

/* --- rwmutex --- */

static void write_lock(struct object *o)
{
    gorc_rwmutex_lock(&o->rw);
}

static void write_unlock(struct object *o)
{
    gorc_rwmutex_unlock(&o->rw);
}

static void read_lock(struct object *o)
{
    gorc_rwmutex_rlock(&o->rw);
}

static void read_unlock(struct object *o)
{
    gorc_rwmutex_runlock(&o->rw);
}

static void read_lock_and_unlock(struct object *o)
{
    gorc_rwmutex_rlock(&o->rw);
    gorc_rwmutex_runlock(&o->rw);
}

static void write_lock_and_unlock(struct object *o)
{
    gorc_rwmutex_lock(&o->rw);
    gorc_rwmutex_unlock(&o->rw);
}

OBSERVER_TEST(l1_l2_unlock_seen_by_reader, write_lock, write_unlock, read_lock_and_unlock)
OBSERVER_TEST(l1_l2_unlock_seen_by_writer, write_lock, write_unlock, write_lock_and_unlock)
OBSERVER_TEST(l1_l2_runlock_seen_by_writer, read_lock, read_unlock, write_lock_and_unlock)

/* --- wait group --- */

static void add(struct object *o)
{
    gorc_wg_add(&o->wg, 1);
}

static void done(struct object *o)
{
    gorc_wg_done(&o->wg);
}

static void wait_group(struct object *o)
{
    gorc_wg_wait(&o->wg);
}

OBSERVER_TEST(l1_l2_done_seen_by_wait, add, done, wait_group)

/* --- once: the function's end is what the observer waits for --- */

static void hand_out_fn(void *arg)
{
    hand_out(arg);
    pause_for(200);
}

static void run_once(struct object *o)
{
    gorc_once_do(&o->once, hand_out_fn, o);
}

static void see_once(struct object *o)
{
    gorc_once_do(&o->once, hand_out_fn, o);
}

OBSERVER_TEST(l1_l2_once_end_seen_by_do, run_once, NULL, see_once)

/* --- cond: the waiter goes on only after the unlock --- */

static void nothing(struct object *o)
{
    (void)o;
}

static void set_and_signal(struct object *o)
{
    gorc_mutex_lock(&o->m);
    o->set = true;
    gorc_cond_signal(&o->c);
    gorc_mutex_unlock(&o->m);
}

static void await_set(struct object *o)
{
    gorc_mutex_lock(&o->m);
    while (!o->set)
        gorc_cond_wait(&o->c, &o->m);
    gorc_mutex_unlock(&o->m);
}

OBSERVER_TEST(l1_l2_signal_and_unlock_seen_by_wait, nothing, set_and_signal, await_set)

/* --- channels: the observer drops the last reference --- */

static void open_chan(struct object *o)
{
    o->chan = gorc_chan_new(sizeof(int), 0);
}

static void open_buffered(struct object *o)
{
    o->chan = gorc_chan_new(sizeof(int), 1);
}

static void close_chan(struct object *o)
{
    gorc_chan_close(o->chan);
}

static void send_one(struct object *o)
{
    int v = 1;
    gorc_chan_send(o->chan, &v);
}

static void receive_one(struct object *o)
{
    int v;
    CHECK(gorc_chan_recv(o->chan, &v));
}

static void receive_and_unref(struct object *o)
{
    int v;
    gorc_chan_recv(o->chan, &v);
    gorc_chan_unref(o->chan);
}

static void poll_and_unref(struct object *o)
{
    int v;
    while (gorc_chan_try_recv(o->chan, &v) == -EAGAIN)
        gorc_yield();
    gorc_chan_unref(o->chan);
}

static void select_and_unref(struct object *o)
{
    int v;
    gorc_case cases[2] = {gorc_case_after(1000 * GORC_SECOND), gorc_case_recv(o->chan, &v)};
    CHECK_EQ(gorc_select(cases, 2), 1);
    gorc_chan_unref(o->chan);
}

static void send_and_unref(struct object *o)
{
    int v = 2;
    gorc_chan_send(o->chan, &v);
    gorc_chan_unref(o->chan);
}

OBSERVER_TEST(l1_l2_close_seen_by_receive, open_chan, close_chan, receive_and_unref)
OBSERVER_TEST(l1_close_seen_by_poll, open_chan, close_chan, poll_and_unref)
OBSERVER_TEST(l1_close_seen_by_select, open_chan, close_chan, select_and_unref)
OBSERVER_TEST(l1_l2_send_seen_by_receive, open_chan, send_one, receive_and_unref)
OBSERVER_TEST(l1_buffered_send_seen_by_poll, open_buffered, send_one, poll_and_unref)
OBSERVER_TEST(l1_send_seen_by_select, open_chan, send_one, select_and_unref)
OBSERVER_TEST(l1_l2_receive_seen_by_sender, open_chan, receive_one, send_and_unref)
