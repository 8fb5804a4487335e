/* SPDX-License-Identifier: MIT
 *
 * Select. Three steps, each only when the one before did not decide:
 *  1. Look at all cases without locks. If some are ready, choose one at random, lock that channel
 *     alone and try; a case that turns out not to be ready is struck from the list.
 *  2. None is ready: for gorc_select_try that must hold at one instant for all channels. If no
 *     channel's version has changed and none is locked since it was looked at, it did; else lock
 * all channels in address order and look again.
 *  3. With all channels locked, wait on each of them and park; all locks are released once the
 *     goroutine can be resumed. Each waker must win the goroutine's claim, so exactly one case
 * runs. Then each waiter that is still queued is taken out under its channel's lock. Since this
 * visits every channel, it cannot be over before the release of step 3 is, which reads our stack.
 */
#include <gorc/select.h>

#include <gorc/time.h>

#include "base/alloc.h"
#include "base/misuse.h"
#include "chan/chan_impl.h"
#include "sched/g.h"

#define STACK_CASES 16u
#define WORD_CASES 64u

struct select {
    gorc_case *cases;
    size_t n;
    const void *pc;
    struct gorc__g *self;
    struct gorc_chan **order; /* the channels, by address, each once */
    size_t n_order;
    struct gorc__chan_waiter *waiters; /* one for each case */
    int64_t after;                     /* the shortest time-out; INT64_MAX: none */
    size_t after_index;
};

gorc_case gorc_case_send(struct gorc_chan *c, const void *value)
{
    return (gorc_case){.chan = c, .value = (void *)(uintptr_t)value, .kind = GORC__CASE_SEND};
}

gorc_case gorc_case_recv(struct gorc_chan *c, void *value)
{
    return (gorc_case){.chan = c, .value = value, .kind = GORC__CASE_RECV};
}

gorc_case gorc_case_after(int64_t ns)
{
    return (gorc_case){.ns = ns, .kind = GORC__CASE_AFTER};
}

static struct gorc__random *random_of(struct gorc__g *self)
{
    struct gorc__m *m = self->m;
    struct gorc__p *p = __atomic_load_n(&m->p, __ATOMIC_RELAXED); /* may be taken meanwhile */
    return p ? &p->random : &m->random;
}

static inline bool peek(const gorc_case *k)
{
    if (!k->chan)
        return false;
    return k->kind == GORC__CASE_SEND ? gorc__chan_peek_send(k->chan)
                                      : gorc__chan_peek_recv(k->chan);
}

/* --- one case, its channel locked --- */

enum outcome { NOT_READY, RAN, SEND_ON_CLOSED };

static enum outcome run_locked(struct select *s, size_t i, struct gorc__g **ret_wake)
{
    gorc_case *k = &s->cases[i];
    enum gorc__chan_result r;
    if (k->kind == GORC__CASE_SEND) {
        r = gorc__chan_send_locked(k->chan, s->self, k->value, s->pc, ret_wake);
        if (r == GORC__CHAN_IS_CLOSED)
            return SEND_ON_CLOSED;
    } else {
        r = gorc__chan_recv_locked(k->chan, s->self, k->value, ret_wake);
        k->ok = r == GORC__CHAN_OK;
    }
    return r == GORC__CHAN_WOULD_BLOCK ? NOT_READY : RAN;
}

/* After the unlock: what the caller's half of the operation still needs. Returns the index. */
static int finish(
    struct select *s, size_t i, enum outcome outcome, size_t size, struct gorc__g *wake)
{
    gorc_case *k = &s->cases[i];
    if (wake)
        gorc__ready(wake);
    if (outcome == SEND_ON_CLOSED) {
        if (!gorc__chan_is_freed(k->chan, s->pc))
            gorc__chan_misuse_send(k->chan, s->pc);
    } else if (k->kind == GORC__CASE_RECV) {
        if (!k->ok && gorc__chan_is_freed(k->chan, s->pc))
            return (int)i;
        if (k->value)
            gorc__hook_write(k->value, size, s->pc);
    }
    return (int)i;
}

/* --- step 1 and 2 --- */

/* The index of the case that ran, or -1; then `first` holds the versions that were seen first. */
static int try_unlocked(struct select *s, uint32_t *first)
{
    uint64_t ready = 0;
    for (size_t i = 0; i < s->n; i++) {
        const gorc_case *k = &s->cases[i];
        if (!k->chan)
            continue;
        first[i] = atomic_load_explicit(&k->chan->version, memory_order_acquire);
        if (peek(k))
            ready |= (uint64_t)1 << i;
    }
    while (ready) {
        uint32_t skip = 0;
        uint32_t n_ready = (uint32_t)__builtin_popcountll(ready);
        uint64_t rest = ready;
        if (n_ready > 1)
            skip = gorc__choose(random_of(s->self), GORC__CHOOSE_CASE, n_ready);
        while (skip--)
            rest &= rest - 1;
        size_t i = (size_t)__builtin_ctzll(rest);
        struct gorc_chan *c = s->cases[i].chan;
        struct gorc__g *wake = NULL;
        size_t size = c->elem_size;
        gorc__lock(&c->lock);
        enum outcome outcome = run_locked(s, i, &wake);
        gorc__unlock(&c->lock);
        if (outcome != NOT_READY)
            return finish(s, i, outcome, size, wake);
        ready &= ~((uint64_t)1 << i);
    }
    return -1;
}

/* True when all channels were as they are from before the first to after the last look. A change in
 * progress holds the lock; a finished one has changed the version. */
static bool nothing_changed(struct select *s, const uint32_t *first)
{
    atomic_thread_fence(memory_order_acquire);
    for (size_t i = 0; i < s->n; i++) {
        struct gorc_chan *c = s->cases[i].chan;
        if (c && (atomic_load_explicit(&c->lock.word, memory_order_acquire) != 0 ||
                     atomic_load_explicit(&c->version, memory_order_acquire) != first[i]))
            return false;
    }
    return true;
}

/* --- step 3 --- */

/* Insertion sort: selects are short. */
static void sort_channels(struct select *s)
{
    s->n_order = 0;
    for (size_t i = 0; i < s->n; i++) {
        struct gorc_chan *c = s->cases[i].chan;
        size_t at = s->n_order;
        if (!c)
            continue;
        while (at > 0 && s->order[at - 1] > c)
            at--;
        if (at > 0 && s->order[at - 1] == c)
            continue;
        for (size_t j = s->n_order; j > at; j--)
            s->order[j] = s->order[j - 1];
        s->order[at] = c;
        s->n_order++;
    }
}

static void lock_all(struct select *s)
{
    for (size_t i = 0; i < s->n_order; i++)
        gorc__lock(&s->order[i]->lock);
}

/* Also run by another goroutine, after we parked. A channel's unlock may let our goroutine go on
 * and leave this frame only when it was the last. */
static void unlock_all(void *arg)
{
    struct select *s = arg;
    struct gorc_chan **order = s->order;
    size_t n = s->n_order;
    for (size_t i = 0; i < n; i++)
        gorc__unlock(&order[i]->lock);
}

/* All locked. Uniform among the ready: reservoir sampling over the cases. */
static int try_locked(struct select *s)
{
    size_t chosen = 0;
    uint32_t n_ready = 0;
    for (size_t i = 0; i < s->n; i++)
        if (peek(&s->cases[i]) &&
            gorc__choose(random_of(s->self), GORC__CHOOSE_CASE, ++n_ready) == 0)
            chosen = i;
    struct gorc__g *wake = NULL;
    enum outcome outcome = NOT_READY;
    if (n_ready > 0)
        outcome = run_locked(s, chosen, &wake);
    for (size_t i = 0; n_ready > 0 && outcome == NOT_READY && i < s->n; i++)
        if (peek(&s->cases[i])) /* a waiter was only left behind by a select that is over */
            outcome = run_locked(s, chosen = i, &wake);
    if (outcome == NOT_READY)
        return -1;
    size_t size = s->cases[chosen].chan->elem_size;
    unlock_all(s);
    return finish(s, chosen, outcome, size, wake);
}

static struct gorc__waitq *queue_of(const gorc_case *k)
{
    return k->kind == GORC__CASE_SEND ? &k->chan->sendq : &k->chan->recvq;
}

static void enqueue_all(struct select *s)
{
    gorc__claim_arm(s->self);
    s->self->wake_arg = NULL;
    for (size_t i = 0; i < s->n; i++) {
        gorc_case *k = &s->cases[i];
        if (!k->chan)
            continue;
        if (k->kind == GORC__CASE_SEND)
            gorc__hook_read(k->value, k->chan->elem_size, s->pc);
        s->waiters[i] = (struct gorc__chan_waiter){
            .w = {.g = s->self, .value = k->value, .flag = GORC__CHAN_CLAIM},
            .chan = k->chan,
            .elem_size = k->chan->elem_size,
        };
        gorc__chan_enqueue(k->chan, queue_of(k), &s->waiters[i]);
    }
}

/* The channel that woke us may be gone already, freed by the partner (L1). It is visited only when
 * it has several cases; its waker has locked it, so its release of step 3 is over. */
static void dequeue_all(struct select *s, struct gorc__chan_waiter *fired)
{
    for (size_t i = 0; i < s->n; i++) {
        gorc_case *k = &s->cases[i];
        if (!k->chan || &s->waiters[i] == fired)
            continue;
        gorc__lock(&k->chan->lock);
        gorc__chan_dequeue(k->chan, queue_of(k), &s->waiters[i]);
        gorc__unlock(&k->chan->lock);
    }
}

static int woken_by(struct select *s, struct gorc__chan_waiter *w)
{
    size_t i = (size_t)(w - s->waiters);
    size_t size = w->elem_size;
    gorc_case *k = &s->cases[i];
    bool done = w->w.flag & GORC__CHAN_DONE;
    if (k->kind == GORC__CASE_SEND) {
        if (!done)
            gorc__chan_misuse_send_woken(w, s->pc);
        return (int)i;
    }
    k->ok = done;
    if (!done && k->value && size)
        memset(k->value, 0, size);
    if (k->value)
        gorc__hook_write(k->value, size, s->pc);
    return (int)i;
}

static int wait(struct select *s, int64_t deadline)
{
    enqueue_all(s);
    s->self->cases = s->cases;
    s->self->n_cases = (uint32_t)s->n;
    if (deadline == INT64_MAX)
        gorc__park_call(
            s->self, unlock_all, s, GORC__WAIT_SELECT, s->n_order == 1 ? s->order[0] : NULL);
    else
        gorc__park_until_call(s->self, unlock_all, s, GORC__WAIT_SELECT, NULL, NULL, deadline);
    struct gorc__chan_waiter *fired = s->self->wake_arg;
    dequeue_all(s, fired);
    return fired ? woken_by(s, fired) : (int)s->after_index;
}

static int select_slowly(struct select *s, bool may_block, int64_t deadline)
{
    sort_channels(s);
    lock_all(s);
    int chosen = try_locked(s);
    if (chosen >= 0)
        return chosen;
    if (may_block)
        return wait(s, deadline);
    unlock_all(s);
    return -1;
}

/* --- the public calls --- */

static int select_in(struct select *s, bool may_block)
{
    uint32_t versions[WORD_CASES];
    int64_t deadline = INT64_MAX;
    for (size_t i = 0; i < s->n; i++) {
        gorc_case *k = &s->cases[i];
        k->ok = false;
        if (k->kind != GORC__CASE_AFTER)
            continue;
        k->chan = NULL;
        if (k->ns < s->after) {
            s->after = k->ns < 0 ? 0 : k->ns;
            s->after_index = i;
        }
    }
    bool has_after = s->after != INT64_MAX;
    if (s->n <= WORD_CASES) {
        int chosen = try_unlocked(s, versions);
        if (chosen >= 0)
            return chosen;
        if (!may_block && nothing_changed(s, versions))
            return has_after && s->after == 0 ? (int)s->after_index : -1;
    }
    if (has_after && s->after == 0)
        may_block = false;
    if (has_after && may_block) {
        int64_t now = gorc__now();
        deadline = s->after > INT64_MAX - 1 - now ? INT64_MAX - 1 : now + s->after;
    }
    int chosen = select_slowly(s, may_block, deadline);
    if (chosen < 0 && has_after && s->after == 0)
        return (int)s->after_index;
    return chosen;
}

static int select_sized(gorc_case *cases, size_t n, bool may_block, const void *pc)
{
    struct gorc__g *self = gorc__self();
    struct select s = {.cases = cases, .n = n, .pc = pc, .self = self, .after = INT64_MAX};
    if (n <= STACK_CASES) {
        struct gorc__chan_waiter waiters[STACK_CASES];
        struct gorc_chan *order[STACK_CASES];
        s.waiters = waiters;
        s.order = order;
        return select_in(&s, may_block);
    }
    s.waiters = gorc__alloc(n * sizeof *s.waiters);
    s.order = gorc__alloc(n * sizeof(struct gorc_chan *));
    if (!s.waiters || !s.order)
        gorc__fatal("out of memory for a select");
    int chosen = select_in(&s, may_block);
    gorc__free(s.waiters);
    gorc__free(s.order);
    return chosen;
}

int gorc_select(gorc_case *cases, size_t n)
{
    bool any = false;
    for (size_t i = 0; i < n && !any; i++)
        any = cases[i].chan || cases[i].kind == GORC__CASE_AFTER;
    if (!any) { /* nothing can ever be ready (S3) */
        gorc__park(gorc__self(), NULL, GORC__WAIT_SELECT_EMPTY, NULL, NULL);
        return -1;
    }
    return select_sized(cases, n, true, GORC__PC());
}

int gorc_select_try(gorc_case *cases, size_t n)
{
    int chosen = select_sized(cases, n, false, GORC__PC());
    if (chosen < 0)
        gorc__hook_refused();
    return chosen;
}
