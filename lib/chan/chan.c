/* SPDX-License-Identifier: MIT
 *
 * Channel operations. One lock per channel, held while values and waiters move; a waiter's record
 * is on its own stack; a partner that waits gets or gives its value directly, without the buffer.
 *
 * Happens-before (race library; hooks.h): with a buffer, each slot has a key that sender and
 * receiver acquire and release in turn, which is Go's rule exactly: the k-th send before the k-th
 * receive, the k-th receive before the (k + C)-th send. A value that bypasses the buffer still uses
 * the key of the slot it would have gone through. Without a buffer the partners' pasts are
 * exchanged.
 */
#include "chan/chan_impl.h"

#include <gorc/time.h>

#include <stdint.h>

#include "base/alloc.h"
#include "base/misuse.h"
#include "sched/g.h"

/* Fewer returns between a switch and the program: each may be mispredicted. */
#define INLINE __attribute__((always_inline)) static inline

gorc__place gorc__chan_created(const void *chan)
{
    return ((const struct gorc_chan *)chan)->created;
}

static const void *close_key(struct gorc_chan *c)
{
    if (!c->keys)
        return NULL;
    return c->keys->close_at ? c->keys->close_at : &c->keys->close;
}

static const void *slot_key(struct gorc_chan *c, size_t index)
{
    return &c->keys->slot[index];
}

static size_t next_index(struct gorc_chan *c, size_t index)
{
    return ++index == c->capacity ? 0 : index;
}

static void *slot(struct gorc_chan *c, size_t index)
{
    return c->buffer + index * c->elem_size;
}

/* --- misuse --- */

static void raise_chan(struct gorc_chan *c, const char *rule, const char *message,
    gorc__place created, gorc__place closed_by, uint64_t closed_goid, const void *pc)
{
    struct gorc__misuse m = {
        .rule = rule,
        .message = message,
        .object_kind = GORC__OBJ_CHAN,
        .object = c,
        .object_created = created,
        .earlier_role = closed_by ? "closed by" : NULL,
        .earlier = closed_by,
        .earlier_goid = closed_goid,
    };
    gorc__misuse_raise(&m, pc);
}

static void raise_freed(const struct gorc_chan *c, const void *pc)
{
    struct gorc__misuse m = {
        .rule = "use-after-unref",
        .message = "use of a channel after its last unref",
        .object_kind = GORC__OBJ_CHAN,
        .object = c,
        .object_created = c->created,
        .earlier_role = "freed by",
        .earlier = c->closed_by,
        .earlier_goid = c->closed_goid,
    };
    gorc__misuse_raise(&m, pc);
}

void gorc__chan_misuse_send(struct gorc_chan *c, const void *pc)
{
    if (c->timer)
        raise_chan(c, "timer-send", "send on a timer's channel", c->created, 0, 0, pc);
    else
        raise_chan(c, "send-on-closed", "send on closed channel", c->created, c->closed_by,
            c->closed_goid, pc);
}

void gorc__chan_misuse_send_woken(const struct gorc__chan_waiter *w, const void *pc)
{
    raise_chan(w->chan, "send-on-closed", "send on closed channel", w->created, w->closed_by,
        w->closed_goid, pc);
}

bool gorc__chan_is_freed(struct gorc_chan *c, const void *pc)
{
    if (GORC__LIKELY(atomic_load_explicit(&c->state, memory_order_relaxed) != GORC__CHAN_FREED))
        return false;
    raise_freed(c, pc);
    return true;
}

/* --- waiters --- */

static inline bool is_timer(const struct gorc_chan *c)
{
    return atomic_load_explicit(&c->state, memory_order_relaxed) == GORC__CHAN_TIMER;
}

void gorc__chan_enqueue(struct gorc_chan *c, struct gorc__waitq *q, struct gorc__chan_waiter *w)
{
    w->w.flag |= GORC__CHAN_QUEUED;
    gorc__waitq_push(q, &w->w);
    gorc__chan_changed(c);
    if (GORC__UNLIKELY(is_timer(c)))
        gorc__timer_chan_awaited(c);
}

void gorc__chan_dequeue(struct gorc_chan *c, struct gorc__waitq *q, struct gorc__chan_waiter *w)
{
    if (!(w->w.flag & GORC__CHAN_QUEUED))
        return;
    w->w.flag &= ~(uintptr_t)GORC__CHAN_QUEUED;
    gorc__waitq_remove(q, &w->w);
    gorc__chan_changed(c);
    if (GORC__UNLIKELY(is_timer(c)) && gorc__waitq_empty(&c->recvq))
        gorc__timer_chan_idle(c);
}

/* The first waiter that is still to be had, claimed; NULL: none. */
static inline struct gorc__chan_waiter *take_waiter(struct gorc_chan *c, struct gorc__waitq *q)
{
    for (;;) {
        struct gorc__waiter *w = gorc__waitq_pop(q);
        if (!w)
            return NULL;
        gorc__chan_changed(c);
        w->flag &= ~(uintptr_t)GORC__CHAN_QUEUED;
        if (!(w->flag & GORC__CHAN_CLAIM))
            return (struct gorc__chan_waiter *)w;
        if (gorc__claim(w->g)) {
            w->g->wake_arg = w;
            return (struct gorc__chan_waiter *)w;
        }
    }
}

/* --- happens-before --- */

/* The current task passes through a slot. */
static void hook_slot(struct gorc_chan *c, size_t index)
{
    gorc__hook_pass(slot_key(c, index));
}

static void hook_send_to_waiter(struct gorc_chan *c, struct gorc__g *receiver)
{
    if (c->capacity == 0) {
        gorc__hook_hb_to(&receiver->hook);
        gorc__hook_hb_from(&receiver->hook);
    } else {
        hook_slot(c, c->recv_index);
        gorc__hook_relay(slot_key(c, c->recv_index), &receiver->hook);
        c->recv_index = next_index(c, c->recv_index);
        c->send_index = c->recv_index;
    }
}

/* `partner` alone is there, or has been, to end a wait at the unbuffered c. `last`: who was the
 * last one; `q`: where partners wait. */
static bool is_only_partner(
    const struct gorc_chan *c, const struct gorc__waitq *q, uint64_t last, uint64_t partner)
{
    return c->keys && c->capacity == 0 && q->head == q->tail && (last == 0 || last == partner);
}

/* The current task is about to wait, or would if `q` had nobody. */
static void hook_would_wait(
    const struct gorc_chan *c, const struct gorc__waitq *q, uint64_t last, const void *pc)
{
    if (q->head && is_only_partner(c, q, last, q->head->g->goid))
        gorc__hook_wait_ends(c, NULL, &q->head->g->hook, pc);
}

/* The current task receives, with time, and finds c closed before anybody has sent on it. Whether
 * the detector is on is asked so that without it nothing is left of this: an atomic load stays. */
static void hook_found_closed(struct gorc_chan *c, const void *pc)
{
    if (c->keys && !c->last_sender && gorc__hook_active() &&
        atomic_load_explicit(&c->state, memory_order_relaxed) == GORC__CHAN_CLOSED)
        gorc__hook_found_closed(c, close_key(c), c->closed_by, pc);
}

/* The current task ends the wait of w, which waits for nothing else. */
static void hook_wait_ends(const struct gorc_chan *c, struct gorc__g *self,
    const struct gorc__waitq *mine, uint64_t last, const struct gorc__chan_waiter *w,
    const void *pc)
{
    if (!(w->w.flag & GORC__CHAN_CLAIM) && is_only_partner(c, mine, last, self->goid))
        gorc__hook_wait_ends(c, &w->w.g->hook, NULL, pc);
}

/* --- the operations, lock held --- */

enum gorc__chan_result gorc__chan_send_locked(struct gorc_chan *c, struct gorc__g *self,
    const void *value, const void *pc, struct gorc__g **ret_wake)
{
    if (GORC__UNLIKELY(atomic_load_explicit(&c->state, memory_order_relaxed) != GORC__CHAN_OPEN))
        return GORC__CHAN_IS_CLOSED;
    struct gorc__chan_waiter *w = c->recvq.head ? take_waiter(c, &c->recvq) : NULL;
    if (w) {
        hook_wait_ends(c, self, &c->sendq, c->last_sender, w, pc);
        gorc__hook_read(value, c->elem_size, pc);
        if (c->keys)
            hook_send_to_waiter(c, w->w.g);
        if (w->w.value)
            gorc__chan_copy(w->w.value, value, c->elem_size);
        w->w.flag |= GORC__CHAN_DONE;
        c->last_sender = self->goid;
        c->last_receiver = w->w.g->goid;
        *ret_wake = w->w.g;
        return GORC__CHAN_OK;
    }
    size_t count = atomic_load_explicit(&c->count, memory_order_relaxed);
    if (count == c->capacity)
        return GORC__CHAN_WOULD_BLOCK;
    gorc__hook_read(value, c->elem_size, pc);
    size_t index = c->send_index;
    gorc__chan_copy(slot(c, index), value, c->elem_size);
    if (c->keys)
        hook_slot(c, index);
    c->send_index = next_index(c, index);
    c->last_sender = self->goid;
    atomic_store_explicit(&c->count, count + 1, memory_order_relaxed);
    gorc__chan_changed(c);
    return GORC__CHAN_OK;
}

/* Takes the head of the buffer; a sender that waits puts its value at the tail (C3). */
static void recv_buffered(
    struct gorc_chan *c, void *value, size_t count, struct gorc__chan_waiter *sender)
{
    size_t index = c->recv_index;
    if (value)
        gorc__chan_copy(value, slot(c, index), c->elem_size);
    if (c->keys)
        hook_slot(c, index);
    c->recv_index = next_index(c, index);
    if (sender) { /* full: head and tail are the same slot */
        gorc__chan_copy(slot(c, index), sender->w.value, c->elem_size);
        if (c->keys)
            gorc__hook_relay(slot_key(c, index), &sender->w.g->hook);
        c->send_index = c->recv_index;
    } else {
        atomic_store_explicit(&c->count, count - 1, memory_order_relaxed);
    }
    gorc__chan_changed(c);
}

enum gorc__chan_result gorc__chan_recv_locked(
    struct gorc_chan *c, struct gorc__g *self, void *value, struct gorc__g **ret_wake)
{
    size_t count = atomic_load_explicit(&c->count, memory_order_relaxed);
    struct gorc__chan_waiter *w = c->sendq.head ? take_waiter(c, &c->sendq) : NULL;
    if (count > 0) {
        recv_buffered(c, value, count, w);
    } else if (w) {
        hook_wait_ends(c, self, &c->recvq, c->last_receiver, w, NULL);
        if (c->keys) {
            gorc__hook_hb_from(&w->w.g->hook);
            gorc__hook_hb_to(&w->w.g->hook);
        }
        if (value)
            gorc__chan_copy(value, w->w.value, c->elem_size);
    } else if (GORC__UNLIKELY(
                   atomic_load_explicit(&c->state, memory_order_relaxed) != GORC__CHAN_OPEN)) {
        if (is_timer(c))
            return gorc__timer_chan_take(c, value) ? GORC__CHAN_OK : GORC__CHAN_WOULD_BLOCK;
        if (c->keys)
            gorc__hook_acquire(close_key(c));
        if (value && c->elem_size)
            memset(value, 0, c->elem_size);
        return GORC__CHAN_IS_CLOSED;
    } else {
        return GORC__CHAN_WOULD_BLOCK;
    }
    c->last_receiver = self->goid;
    if (w) {
        w->w.flag |= GORC__CHAN_DONE;
        c->last_sender = w->w.g->goid;
        *ret_wake = w->w.g;
    }
    return GORC__CHAN_OK;
}

/* The receiver's buffer was written, by whomever, for the receiver. */
static inline void received(void *value, size_t size, const void *pc)
{
    if (value)
        gorc__hook_write(value, size, pc);
}

/* --- blocking --- */

static void block_for_ever(enum gorc__wait_reason reason)
{
    gorc__park(gorc__self(), NULL, reason, NULL, NULL);
}

/* Waits for a partner; c->lock is held and released. False: timed out, and not queued any more. */
INLINE bool wait_for_partner(struct gorc_chan *c, struct gorc__waitq *q,
    struct gorc__chan_waiter *w, enum gorc__wait_reason reason, int64_t deadline)
{
    struct gorc__g *self = w->w.g;
    w->chan = c;
    if (GORC__LIKELY(deadline == INT64_MAX)) {
        gorc__chan_enqueue(c, q, w);
        gorc__park(self, &c->lock, reason, c, NULL);
        return true;
    }
    w->w.flag |= GORC__CHAN_CLAIM;
    gorc__claim_arm(self);
    gorc__chan_enqueue(c, q, w);
    if (gorc__park_until(self, &c->lock, reason, c, NULL, deadline))
        return true;
    gorc__lock(&c->lock);
    gorc__chan_dequeue(c, q, w);
    gorc__unlock(&c->lock);
    return false;
}

/* 0 sent, -ETIMEDOUT not. */
INLINE int send(struct gorc_chan *c, const void *value, int64_t deadline, const void *pc)
{
    struct gorc__g *self = gorc__self();
    struct gorc__g *wake = NULL;
    if (GORC__UNLIKELY(!c)) {
        if (deadline == INT64_MAX)
            block_for_ever(GORC__WAIT_CHAN_SEND_NIL);
        gorc_sleep(deadline - gorc__now());
        return -ETIMEDOUT;
    }
    gorc__lock(&c->lock);
    if (deadline == INT64_MAX)
        hook_would_wait(c, &c->recvq, c->last_receiver, pc);
    enum gorc__chan_result result = gorc__chan_send_locked(c, self, value, pc, &wake);
    if (GORC__LIKELY(result == GORC__CHAN_OK)) {
        gorc__unlock(&c->lock);
        if (wake)
            gorc__ready(wake);
        return 0;
    }
    if (GORC__UNLIKELY(result == GORC__CHAN_IS_CLOSED)) {
        gorc__unlock(&c->lock);
        if (!gorc__chan_is_freed(c, pc))
            gorc__chan_misuse_send(c, pc);
        return 0;
    }
    gorc__hook_read(value, c->elem_size, pc);
    struct gorc__chan_waiter w = {.w = {.g = self, .value = (void *)(uintptr_t)value}};
    if (!wait_for_partner(c, &c->sendq, &w, GORC__WAIT_CHAN_SEND, deadline))
        return -ETIMEDOUT;
    if (GORC__UNLIKELY(!(w.w.flag & GORC__CHAN_DONE)))
        gorc__chan_misuse_send_woken(&w, pc);
    return 0;
}

/* 1 value, 0 closed and drained, -ETIMEDOUT. */
INLINE int recv(struct gorc_chan *c, void *value, int64_t deadline, const void *pc)
{
    struct gorc__g *self = gorc__self();
    struct gorc__g *wake = NULL;
    if (GORC__UNLIKELY(!c)) {
        if (deadline == INT64_MAX)
            block_for_ever(GORC__WAIT_CHAN_RECV_NIL);
        gorc_sleep(deadline - gorc__now());
        return -ETIMEDOUT;
    }
    size_t size = c->elem_size;
    gorc__lock(&c->lock);
    if (deadline == INT64_MAX) {
        hook_would_wait(c, &c->sendq, c->last_sender, pc);
        hook_found_closed(c, pc);
    }
    enum gorc__chan_result result = gorc__chan_recv_locked(c, self, value, &wake);
    if (GORC__LIKELY(result != GORC__CHAN_WOULD_BLOCK)) {
        gorc__unlock(&c->lock);
        if (wake)
            gorc__ready(wake);
        if (result == GORC__CHAN_IS_CLOSED && gorc__chan_is_freed(c, pc))
            return 0;
        received(value, size, pc);
        return result == GORC__CHAN_OK;
    }
    struct gorc__chan_waiter w = {.w = {.g = self, .value = value}};
    enum gorc__wait_reason reason =
        GORC__UNLIKELY(c->timer != NULL) ? GORC__WAIT_TIMER_RECV : GORC__WAIT_CHAN_RECV;
    if (!wait_for_partner(c, &c->recvq, &w, reason, deadline))
        return -ETIMEDOUT;
    bool ok = w.w.flag & GORC__CHAN_DONE;
    if (!ok && value && size)
        memset(value, 0, size);
    received(value, size, pc);
    return ok;
}

void gorc_chan_send(gorc_chan *c, const void *value)
{
    send(c, value, INT64_MAX, GORC__PC());
}

bool gorc_chan_recv(gorc_chan *c, void *value)
{
    return recv(c, value, INT64_MAX, GORC__PC()) == 1;
}

int gorc_chan_send_until(gorc_chan *c, const void *value, int64_t deadline)
{
    return send(c, value, deadline, GORC__PC());
}

int gorc_chan_recv_until(gorc_chan *c, void *value, int64_t deadline)
{
    return recv(c, value, deadline, GORC__PC());
}

/* --- without blocking --- */

bool gorc_chan_try_send(gorc_chan *c, const void *value)
{
    const void *pc = GORC__PC();
    struct gorc__g *wake = NULL;
    struct gorc__g *self = gorc__self();
    if (!c || !gorc__chan_peek_send(c)) {
        gorc__hook_refused();
        return false; /* it was not ready at the moment of the look */
    }
    gorc__lock(&c->lock);
    enum gorc__chan_result result = gorc__chan_send_locked(c, self, value, pc, &wake);
    gorc__unlock(&c->lock);
    if (result == GORC__CHAN_IS_CLOSED) {
        if (!gorc__chan_is_freed(c, pc))
            gorc__chan_misuse_send(c, pc);
        return true;
    }
    if (result == GORC__CHAN_WOULD_BLOCK) {
        gorc__hook_refused();
        return false;
    }
    if (wake)
        gorc__ready(wake);
    return true;
}

int gorc_chan_try_recv(gorc_chan *c, void *value)
{
    const void *pc = GORC__PC();
    struct gorc__g *wake = NULL;
    struct gorc__g *self = gorc__self();
    if (!c || !gorc__chan_peek_recv(c)) {
        gorc__hook_refused();
        return -EAGAIN;
    }
    size_t size = c->elem_size;
    gorc__lock(&c->lock);
    enum gorc__chan_result result = gorc__chan_recv_locked(c, self, value, &wake);
    gorc__unlock(&c->lock);
    if (result == GORC__CHAN_WOULD_BLOCK) {
        gorc__hook_refused();
        return -EAGAIN;
    }
    if (wake)
        gorc__ready(wake);
    if (result == GORC__CHAN_IS_CLOSED && gorc__chan_is_freed(c, pc))
        return 0;
    received(value, size, pc);
    return result == GORC__CHAN_OK;
}

/* --- close --- */

/* c is open and becomes closed, by the current task unless pc is NULL. Takes all waiters out,
 * linked through g->next in the order of their queues. */
static struct gorc__g *close_locked(
    struct gorc_chan *c, gorc__place place, uint64_t goid, const void *pc_or_null)
{
    c->closed_by = place;
    c->closed_goid = goid;
    atomic_store_explicit(&c->state, GORC__CHAN_CLOSED, memory_order_release);
    gorc__chan_changed(c);
    struct gorc__g *first = NULL, **last = &first;
    struct gorc__chan_waiter *w;
    while ((w = take_waiter(c, &c->recvq)) != NULL) {
        if (pc_or_null && c->keys && !c->last_sender && !(w->w.flag & GORC__CHAN_CLAIM))
            gorc__hook_wait_ends(c, &w->w.g->hook, NULL, pc_or_null);
        if (c->keys)
            gorc__hook_acquire_for(close_key(c), &w->w.g->hook);
        *last = w->w.g;
        last = &w->w.g->next;
    }
    while ((w = take_waiter(c, &c->sendq)) != NULL) {
        w->closed_by = c->closed_by;
        w->closed_goid = c->closed_goid;
        w->created = c->created;
        *last = w->w.g;
        last = &w->w.g->next;
    }
    *last = NULL;
    return first;
}

static void wake_all(struct gorc__g *woken)
{
    while (woken) {
        struct gorc__g *g = woken;
        woken = g->next;
        gorc__ready_tail(g);
    }
}

void gorc_chan_close(gorc_chan *c)
{
    const void *pc = GORC__PC();
    struct gorc__g *self = gorc__self();
    if (!c) {
        raise_chan(NULL, "close-nil", "close of nil channel", 0, 0, 0, pc);
        return;
    }
    gorc__place here = gorc__hook_place(pc);
    gorc__lock(&c->lock);
    if (atomic_load_explicit(&c->state, memory_order_relaxed) != GORC__CHAN_OPEN) {
        gorc__unlock(&c->lock);
        if (gorc__chan_is_freed(c, pc))
            return;
        if (c->timer)
            raise_chan(c, "timer-close", "close of a timer's channel", c->created, 0, 0, pc);
        else
            raise_chan(c, "double-close", "close of closed channel", c->created, c->closed_by,
                c->closed_goid, pc);
        return;
    }
    if (c->keys)
        gorc__hook_release(close_key(c));
    struct gorc__g *woken = close_locked(c, here, gorc__g_id(self), pc);
    gorc__unlock(&c->lock);
    wake_all(woken);
}

void gorc__chan_close_done(struct gorc_chan *c, gorc__place place, uint64_t goid)
{
    struct gorc__g *woken = NULL;
    if (GORC__UNLIKELY(gorc__lock_is_left(&c->lock)))
        c->recvq = (struct gorc__waitq){NULL, NULL}; /* who waits here has been left, too */
    gorc__lock(&c->lock);
    if (atomic_load_explicit(&c->state, memory_order_relaxed) == GORC__CHAN_OPEN)
        woken = close_locked(c, place, goid, NULL);
    gorc__unlock(&c->lock);
    wake_all(woken);
}

struct gorc__g *gorc__chan_fire_locked(struct gorc_chan *c, const int64_t *value)
{
    struct gorc__chan_waiter *w = take_waiter(c, &c->recvq);
    if (!w)
        return NULL;
    if (c->keys) /* what was done before the timer was started */
        gorc__hook_acquire_for(slot_key(c, 0), &w->w.g->hook);
    if (w->w.value)
        gorc__chan_copy(w->w.value, value, sizeof *value);
    w->w.flag |= GORC__CHAN_DONE;
    c->last_receiver = w->w.g->goid;
    return w->w.g;
}

size_t gorc_chan_len(const gorc_chan *c)
{
    return c ? atomic_load_explicit(&((gorc_chan *)(uintptr_t)c)->count, memory_order_relaxed) : 0;
}

size_t gorc_chan_cap(const gorc_chan *c)
{
    return c ? c->capacity : 0;
}
