/* SPDX-License-Identifier: MIT
 *
 * Locks of pthread and gorc, channels, wait groups, named edges: the real calls, and beside them
 * what they order. A lock is only taken when it is free; channels block.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>

#include <gorc.h>

#include "lib/hooks.h"
#include "oracle.h"

enum { MUTEXES = 5, RWLOCKS = 2, CHANNELS = 3, MAX_CAPACITY = 4, KEYS = 3 };
/* Clocks of the model. */
enum {
    SYNC_MUTEX = 0,
    SYNC_RW = SYNC_MUTEX + MUTEXES, /* writers, readers */
    SYNC_CHANNEL = SYNC_RW + 2 * RWLOCKS,
    SYNC_WAITGROUP = SYNC_CHANNEL + CHANNELS * (MAX_CAPACITY + 1),
    SYNC_KEY = SYNC_WAITGROUP + 1,
    SYNC_END = SYNC_KEY + KEYS,
};
_Static_assert((int)SYNC_END <= (int)SYNCS, "room");

struct queue {
    int task[TASKS], n;
};

struct channel {
    gorc_chan *chan;
    unsigned capacity, count, sent, received; /* the next slot to send to, to receive from */
    bool closed;
    struct queue senders, receivers;
};

static pthread_mutex_t native[2];
static pthread_spinlock_t spin;
static gorc_mutex own[2];
static pthread_rwlock_t native_rw;
static gorc_rwmutex own_rw;
static gorc_waitgroup group;
static int group_count;
static int owner[MUTEXES], writer[RWLOCKS]; /* -1: nobody */
static bool reads[RWLOCKS][TASKS];
static struct channel channels[CHANNELS];
static char key[KEYS][16];

void objects_begin(void)
{
    static const unsigned capacities[] = {0, 1, 2, MAX_CAPACITY};
    for (int i = 0; i < MUTEXES; i++)
        owner[i] = -1;
    for (int i = 0; i < RWLOCKS; i++) {
        writer[i] = -1;
        for (int t = 0; t < TASKS; t++)
            reads[i][t] = false;
    }
    for (int i = 0; i < 2; i++) {
        pthread_mutex_init(&native[i], NULL);
        own[i] = (gorc_mutex){0};
    }
    pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
    pthread_rwlock_init(&native_rw, NULL);
    own_rw = (gorc_rwmutex){0};
    group = (gorc_waitgroup){0};
    group_count = 1 + (int)(now->seed % 3);
    gorc_wg_add(&group, group_count);
    for (int i = 0; i < CHANNELS; i++) {
        struct channel *c = &channels[i];
        *c = (struct channel){.capacity = capacities[(now->seed >> (8 + 2 * i)) % 4]};
        c->chan = gorc_chan_new(sizeof(uint64_t), c->capacity);
    }
}

void objects_end(void)
{
    for (int i = 0; i < CHANNELS; i++)
        gorc_chan_unref(channels[i].chan);
    for (int i = 0; i < 2; i++)
        pthread_mutex_destroy(&native[i]);
    pthread_spin_destroy(&spin);
    pthread_rwlock_destroy(&native_rw);
    /* These objects have no end of their own; what they carry must not reach the next program. */
    for (int i = 0; i < KEYS; i++)
        gorc__hook_forget(key[i], sizeof key[i]);
    gorc__hook_fresh(own, sizeof own);
    gorc__hook_fresh(&own_rw, sizeof own_rw);
    gorc__hook_fresh(&group, sizeof group);
}

/* --- locks --- */

static const char *const mutex_names[] = {
    "pthread mutex 0", "pthread mutex 1", "pthread spinlock", "gorc mutex 0", "gorc mutex 1"};

static void lock_mutex(int t, int i, bool try)
{
    if (owner[i] >= 0)
        return;
    tell(t, "%s of %s", try ? "trylock" : "lock", mutex_names[i]);
    owner[i] = t;
    if (i < 2)
        try ? pthread_mutex_trylock(&native[i]) : pthread_mutex_lock(&native[i]);
    else if (i == 2)
        try ? pthread_spin_trylock(&spin) : pthread_spin_lock(&spin);
    else if (!try)
        gorc_mutex_lock(&own[i - 3]);
    else if (!gorc_mutex_try_lock(&own[i - 3]))
        fail("a free gorc mutex is not free");
    hb_acquire(t, SYNC_MUTEX + i);
}

static void unlock_mutex(int t, int i)
{
    tell(t, "unlock of %s", mutex_names[i]);
    owner[i] = -1;
    if (i < 2)
        pthread_mutex_unlock(&native[i]);
    else if (i == 2)
        pthread_spin_unlock(&spin);
    else
        gorc_mutex_unlock(&own[i - 3]);
    hb_release(t, SYNC_MUTEX + i);
}

static void lock_rw(int t, int i, bool write)
{
    bool taken = writer[i] >= 0;
    for (int u = 0; u < TASKS; u++)
        taken |= reads[i][u] && (write || u == t);
    if (taken)
        return;
    tell(t, "%s of %s", write ? "wrlock" : "rdlock", i ? "gorc rwmutex" : "pthread rwlock");
    if (i == 0)
        write ? pthread_rwlock_wrlock(&native_rw) : pthread_rwlock_rdlock(&native_rw);
    else
        write ? gorc_rwmutex_lock(&own_rw) : gorc_rwmutex_rlock(&own_rw);
    hb_acquire(t, SYNC_RW + 2 * i);
    if (write)
        hb_acquire(t, SYNC_RW + 2 * i + 1);
    if (write)
        writer[i] = t;
    else
        reads[i][t] = true;
}

static void unlock_rw(int t, int i)
{
    bool write = writer[i] == t;
    /* libc knows the writer by its thread, and the worker's may have changed meanwhile. */
    if (i == 0 && write)
        native_rw.__data.__cur_writer = gettid();
    tell(t, "unlock of %s, %s", i ? "gorc rwmutex" : "pthread rwlock", write ? "write" : "read");
    if (i == 0)
        pthread_rwlock_unlock(&native_rw);
    else
        write ? gorc_rwmutex_unlock(&own_rw) : gorc_rwmutex_runlock(&own_rw);
    hb_release(t, SYNC_RW + 2 * i + !write);
    if (write)
        writer[i] = -1;
    else
        reads[i][t] = false;
}

void do_lock(int t, const struct step *s)
{
    int i = (int)(s->a % (MUTEXES + 2 * RWLOCKS));
    if (i < MUTEXES)
        lock_mutex(t, i, s->b & 1);
    else
        lock_rw(t, (i - MUTEXES) / 2, s->b % 3 == 0);
}

void do_unlock(int t, const struct step *s)
{
    for (int k = 0; k < MUTEXES + RWLOCKS; k++) {
        int i = (k + (int)(s->a % 16)) % (MUTEXES + RWLOCKS);
        if (i < MUTEXES ? owner[i] == t : writer[i - MUTEXES] == t || reads[i - MUTEXES][t]) {
            i < MUTEXES ? unlock_mutex(t, i) : unlock_rw(t, i - MUTEXES);
            return;
        }
        /* A gorc mutex may be unlocked by anybody. */
        if ((i == 3 || i == 4) && owner[i] >= 0 && s->b % 16 == 0) {
            unlock_mutex(t, i);
            return;
        }
    }
}

void unlock_all(int t)
{
    for (int i = 0; i < MUTEXES; i++)
        if (owner[i] == t)
            unlock_mutex(t, i);
    for (int i = 0; i < RWLOCKS; i++)
        if (writer[i] == t || reads[i][t])
            unlock_rw(t, i);
}

/* --- channels --- */

static int pop(struct queue *q)
{
    int t = q->task[0];
    q->n--;
    for (int i = 0; i < q->n; i++)
        q->task[i] = q->task[i + 1];
    return t;
}

/* t uses the slot after whoever used it before. */
static void through_slot(int t, const struct channel *c, unsigned n)
{
    int sync = SYNC_CHANNEL + (int)(c - channels) * (MAX_CAPACITY + 1) + (int)(n % c->capacity);
    hb_acquire(t, sync);
    hb_release(t, sync);
}

static int close_sync(const struct channel *c)
{
    return SYNC_CHANNEL + (int)(c - channels) * (MAX_CAPACITY + 1) + MAX_CAPACITY;
}

static void meet(int t, int u)
{
    hb_edge(t, u);
    hb_edge(u, t);
}

static bool sends(int t, struct channel *c)
{
    if (c->receivers.n) {
        int r = pop(&c->receivers);
        if (c->capacity == 0) {
            meet(t, r);
        } else {
            through_slot(t, c, c->sent++);
            through_slot(r, c, c->received++);
        }
        goes_on(r);
        return true;
    }
    if (c->count == c->capacity)
        return false;
    through_slot(t, c, c->sent++);
    c->count++;
    return true;
}

static bool receives(int t, struct channel *c)
{
    if (c->count) {
        through_slot(t, c, c->received++);
        if (c->senders.n == 0) {
            c->count--;
            return true;
        }
        int s = pop(&c->senders);
        through_slot(s, c, c->sent++);
        goes_on(s);
        return true;
    }
    if (c->senders.n) {
        int s = pop(&c->senders);
        meet(t, s);
        goes_on(s);
        return true;
    }
    if (c->closed)
        hb_acquire(t, close_sync(c));
    return c->closed;
}

bool do_send(int t, const struct step *s)
{
    struct channel *c = &channels[s->a % CHANNELS];
    uint64_t value = s->c;
    bool try = s->b % 4 == 0;
    if (c->closed)
        return false;
    if (sends(t, c)) {
        tell(t, "send to channel %d%s", (int)(c - channels), try ? " (try)" : "");
        memory_moved();
        if (!try)
            gorc_chan_send(c->chan, &value);
        else if (!gorc_chan_try_send(c->chan, &value))
            fail("a send would block");
        return false;
    }
    if (try && gorc_chan_try_send(c->chan, &value))
        fail("a send would not block");
    if (try || !may_block(t))
        return false;
    tell(t, "send to channel %d blocks", (int)(c - channels));
    c->senders.task[c->senders.n++] = t;
    gorc_chan *chan = c->chan;
    blocks(t);
    gorc_chan_send(chan, &value);
    return true;
}

bool do_recv(int t, const struct step *s)
{
    struct channel *c = &channels[s->a % CHANNELS];
    uint64_t value;
    bool try = s->b % 4 == 0, open = !c->closed || c->count;
    if (receives(t, c)) {
        tell(t, "receive from channel %d%s", (int)(c - channels), try ? " (try)" : "");
        memory_moved();
        if (try ? gorc_chan_try_recv(c->chan, &value) != open
                : gorc_chan_recv(c->chan, &value) != open)
            fail("a receive with the wrong result");
        return false;
    }
    if (try && gorc_chan_try_recv(c->chan, &value) >= 0)
        fail("a receive would not block");
    if (try || !may_block(t))
        return false;
    tell(t, "receive from channel %d blocks", (int)(c - channels));
    c->receivers.task[c->receivers.n++] = t;
    gorc_chan *chan = c->chan;
    blocks(t);
    gorc_chan_recv(chan, &value);
    return true;
}

static void close_channel(int t, struct channel *c)
{
    tell(t, "close of channel %d", (int)(c - channels));
    c->closed = true;
    hb_release(t, close_sync(c));
    while (c->receivers.n) {
        int r = pop(&c->receivers);
        hb_acquire(r, close_sync(c));
        goes_on(r);
    }
    gorc_chan_close(c->chan);
}

void do_close(int t, const struct step *s)
{
    struct channel *c = &channels[s->a % CHANNELS];
    if (!c->closed && c->senders.n == 0 && s->b % 4 == 0)
        close_channel(t, c);
}

bool unblock_one(int t)
{
    for (int i = 0; i < CHANNELS; i++) {
        struct channel *c = &channels[i];
        if (c->senders.n)
            do_recv(t, &(struct step){.a = (uint32_t)i, .b = 1});
        else if (c->receivers.n)
            close_channel(t, c);
        else
            continue;
        return true;
    }
    return false;
}

/* --- wait groups, named edges --- */

void do_waitgroup(int t, const struct step *s)
{
    if (group_count > 0 && s->b % 2 == 0) {
        tell(t, "wait group: done");
        hb_release(t, SYNC_WAITGROUP);
        group_count--;
        gorc_wg_done(&group);
    } else if (group_count == 0) {
        tell(t, "wait group: wait");
        gorc_wg_wait(&group);
        hb_acquire(t, SYNC_WAITGROUP);
    }
}

void __tsan_acquire(void *addr);
void __tsan_release(void *addr);

void do_annotate(int t, const struct step *s)
{
    int k = (int)(s->a % KEYS);
    if (s->b & 1) {
        tell(t, "happens before: key %d", k);
        s->b & 2 ? gorc_happens_before(key[k]) : __tsan_release(key[k]);
        hb_release(t, SYNC_KEY + k);
    } else {
        tell(t, "happens after: key %d", k);
        s->b & 2 ? gorc_happens_after(key[k]) : __tsan_acquire(key[k]);
        hb_acquire(t, SYNC_KEY + k);
    }
}
