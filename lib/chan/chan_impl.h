/* SPDX-License-Identifier: MIT
 *
 * A channel's inside, shared by chan.c and select.c.
 *
 * Invariants, with c->lock held:
 *  - recvq and sendq are not both non-empty, but for a select that waits on both;
 *  - recvq non-empty: the buffer is empty; sendq non-empty: the buffer is full (or capacity 0);
 *  - a waiter whose goroutine is claimed by another waker is as good as gone: whoever meets it
 * drops it. `version` changes under the lock with every change that can make an operation ready or
 * not ready; readers without the lock use it to see several channels at one instant (select.c).
 *
 * Lock order: channels by address; then the scheduler's locks.
 * After the unlock that makes an operation visible, c is touched no more (L1).
 */
#ifndef GORC_LIB_CHAN_CHAN_IMPL_H
#define GORC_LIB_CHAN_CHAN_IMPL_H

#include <gorc/chan.h>

#include <string.h>

#include "base/lock.h"
#include "chan/timer_chan.h"
#include "inspect.h"
#include "sched/hidden_list.h"
#include "sched/park.h"

enum gorc__chan_state {
    GORC__CHAN_OPEN,
    GORC__CHAN_CLOSED,
    GORC__CHAN_FREED,
    GORC__CHAN_TIMER, /* open, and a timer's: nothing is sent, nothing buffered (timer_chan.h) */
};

struct gorc_chan {
    /* First, since a freed block's first words are the allocator's, while the state of a channel
     * that is used after its last unref should still be found FREED. */
    uint64_t last_sender, last_receiver; /* goids, written under the lock; for reports only */
    struct gorc__lock lock;
    _Atomic uint32_t version;
    _Atomic uint32_t state; /* enum gorc__chan_state; written under the lock */
    uint32_t elem_size;
    _Atomic size_t count; /* values queued; written under the lock */
    size_t capacity;
    size_t send_index, recv_index;   /* guarded by lock */
    struct gorc__waitq recvq, sendq; /* guarded by lock; the heads are peeked at without */
    char *buffer;
    _Atomic uint64_t refs;
    struct gorc__chan_keys *keys; /* race library, detector on: what happens-before is keyed by */
    gorc__place created;
    /* Guarded by lock; constant once closed. Once freed: whose unref was the last. */
    gorc__place closed_by;
    uint64_t closed_goid;
    struct gorc_timer *timer; /* state TIMER: in the same block of memory */
    struct gorc_chan *quarantine_next;
    struct gorc__hidden_link link; /* in gorc__chans */
};

/* Those with keys that were not freed. */
extern struct gorc__hidden_list gorc__chans;

/* A word per buffer slot and one for the close, as what is found by address is quicker to find
 * alone in its word; close_at: another key than `close`. */
struct gorc__chan_keys {
    const void *close_at;
    uint64_t close;
    uint64_t slot[];
};

/* A goroutine that waits on a channel: on its own stack. */
struct gorc__chan_waiter {
    struct gorc__waiter w; /* w.value: the element; w.flag: bits below */
    struct gorc_chan *chan;
    uint32_t elem_size;
    gorc__place closed_by; /* set by the closer of a channel we wait to send on */
    uint64_t closed_goid;
    gorc__place created;
};

#define GORC__CHAN_CLAIM 1u  /* must be claimed: select, or a wait with a deadline */
#define GORC__CHAN_DONE 2u   /* the operation took place */
#define GORC__CHAN_QUEUED 4u /* is in a queue; guarded by the channel's lock */

gorc__place gorc__chan_created(const void *chan);

/* --- with the lock held; all but close leave the lock to the caller --- */

enum gorc__chan_result {
    GORC__CHAN_WOULD_BLOCK,
    GORC__CHAN_OK,        /* done; *ret_wake, if set, is to be made ready after the unlock */
    GORC__CHAN_IS_CLOSED, /* send: misuse; recv: closed and drained, the value is zeroed */
};

enum gorc__chan_result gorc__chan_send_locked(struct gorc_chan *c, struct gorc__g *self,
    const void *value, const void *pc, struct gorc__g **ret_wake);
enum gorc__chan_result gorc__chan_recv_locked(
    struct gorc_chan *c, struct gorc__g *self, void *value, struct gorc__g **ret_wake);
void gorc__chan_enqueue(struct gorc_chan *c, struct gorc__waitq *q, struct gorc__chan_waiter *w);
void gorc__chan_dequeue(struct gorc_chan *c, struct gorc__waitq *q, struct gorc__chan_waiter *w);

void gorc__chan_misuse_send(struct gorc_chan *c, const void *pc);
void gorc__chan_misuse_send_woken(const struct gorc__chan_waiter *w, const void *pc);
bool gorc__chan_is_freed(struct gorc_chan *c, const void *pc);

/* For time/: a channel of int64_t with `extra` bytes behind it, c->timer points there; NULL: no
 * memory. */
struct gorc_chan *gorc__chan_new_timer(size_t extra, const void *pc);
/* With the lock held, from a timer, no task is current: gives the value to the first receiver,
 * which the caller makes ready after the unlock. NULL: none waits. */
struct gorc__g *gorc__chan_fire_locked(struct gorc_chan *c, const int64_t *value);

/* Closes a context's channel, unless that is done already, in the name of goroutine `goid` at
 * `place` (0: a timer). What the key of the close carries is the caller's business; also called by
 * timers, when no task is current. */
void gorc__chan_close_done(struct gorc_chan *c, gorc__place place, uint64_t goid);

/* --- peeking without the lock: a hint that a later look under the lock confirms --- */

static inline bool gorc__chan_peek_recv(struct gorc_chan *c)
{
    if (atomic_load_explicit(&c->count, memory_order_relaxed) > 0)
        return true;
    if (c->capacity == 0 && __atomic_load_n(&c->sendq.head, __ATOMIC_RELAXED) != NULL)
        return true;
    uint32_t state = atomic_load_explicit(&c->state, memory_order_acquire);
    if (__builtin_expect(state == GORC__CHAN_TIMER, 0))
        return gorc__timer_chan_due(c);
    return state != GORC__CHAN_OPEN;
}

static inline bool gorc__chan_peek_send(struct gorc_chan *c)
{
    if (atomic_load_explicit(&c->state, memory_order_acquire) != GORC__CHAN_OPEN)
        return true;
    if (c->capacity == 0)
        return __atomic_load_n(&c->recvq.head, __ATOMIC_RELAXED) != NULL;
    return atomic_load_explicit(&c->count, memory_order_relaxed) < c->capacity;
}

static inline void gorc__chan_copy(void *to, const void *from, size_t size)
{
    if (size == 8)
        memcpy(to, from, 8);
    else if (size == 4)
        memcpy(to, from, 4);
    else if (size != 0)
        memcpy(to, from, size);
}

static inline void gorc__chan_changed(struct gorc_chan *c)
{
    uint32_t v = atomic_load_explicit(&c->version, memory_order_relaxed);
    atomic_store_explicit(&c->version, v + 1, memory_order_relaxed);
}

#endif
