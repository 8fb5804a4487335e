/* SPDX-License-Identifier: MIT
 *
 * Making and freeing channels. In the race library the records of freed channels are kept for a
 * while, marked, so that a late use is reported and not undefined.
 */
#include "chan/chan_impl.h"

#include <errno.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/misuse.h"
#include "sched/g.h"

#define QUARANTINE 1024u

struct gorc__hidden_list gorc__chans;

static struct gorc__lock quarantine_lock; /* a leaf */
static struct gorc_chan *quarantine_head, *quarantine_tail;
static uint32_t quarantine_count;

/* Header, then `bytes` more. NULL: no memory. */
static struct gorc_chan *make(size_t elem_size, size_t capacity, size_t bytes, const void *pc)
{
    size_t header = (sizeof(struct gorc_chan) + 63) & ~(size_t)63;
    struct gorc_chan *c = gorc__alloc_line(header + bytes);
    if (!c)
        return NULL;
    if (gorc__hook_active()) {
        c->keys = gorc__alloc_opaque(sizeof *c->keys + (capacity + 1) * sizeof c->keys->slot[0]);
        if (!c->keys) {
            gorc__free(c);
            return NULL;
        }
    }
    c->elem_size = (uint32_t)elem_size;
    c->capacity = capacity;
    c->buffer = (char *)c + header;
    atomic_store_explicit(&c->refs, 1, memory_order_relaxed);
    c->created = gorc__hook_place(pc);
    if (c->keys)
        gorc__hidden_add(&gorc__chans, &c->link);
    return c;
}

gorc_chan *gorc_chan_new(size_t elem_size, size_t capacity)
{
    const void *pc = GORC__PC();
    size_t bytes;
    gorc__self();
    if (elem_size > UINT32_MAX || capacity > SIZE_MAX / 16 ||
        __builtin_mul_overflow(elem_size, capacity, &bytes) || bytes > SIZE_MAX / 4) {
        gorc__misuse_simple("chan-size", "channel size out of range", GORC__OBJ_CHAN, NULL, pc);
        errno = ENOMEM;
        return NULL;
    }
    struct gorc_chan *c = make(elem_size, capacity, bytes, pc);
    if (!c)
        errno = ENOMEM;
    return c;
}

struct gorc_chan *gorc__chan_new_timer(size_t extra, const void *pc)
{
    struct gorc_chan *c = make(sizeof(int64_t), 0, extra, pc);
    if (!c)
        return NULL;
    c->timer = (struct gorc_timer *)c->buffer;
    atomic_store_explicit(&c->state, GORC__CHAN_TIMER, memory_order_relaxed);
    return c;
}

gorc_chan *gorc_chan_ref(gorc_chan *c)
{
    if (c && !gorc__chan_is_freed(c, GORC__PC()))
        atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}

/* The record is marked and freed later; returns what is to be freed now. */
static struct gorc_chan *to_quarantine(struct gorc_chan *c)
{
    struct gorc_chan *old = NULL;
    c->quarantine_next = NULL;
    gorc__lock(&quarantine_lock);
    if (quarantine_tail)
        quarantine_tail->quarantine_next = c;
    else
        quarantine_head = c;
    quarantine_tail = c;
    if (++quarantine_count > QUARANTINE) {
        old = quarantine_head;
        quarantine_head = old->quarantine_next;
        quarantine_count--;
    }
    gorc__unlock(&quarantine_lock);
    return old;
}

static void chan_free(struct gorc_chan *c, const void *pc)
{
    gorc__lock(&c->lock);
    bool waited_on = c->recvq.head || c->sendq.head;
    gorc__unlock(&c->lock);
    if (waited_on) {
        struct gorc__misuse m = {
            .rule = "free-while-waiting",
            .message = "channel freed while a goroutine waits on it",
            .object_kind = GORC__OBJ_CHAN,
            .object = c,
            .object_created = c->created,
        };
        gorc__misuse_raise(&m, pc);
        return; /* has no effect: the waiters need it */
    }
    gorc__name_forget(c);
    gorc__place here = gorc__hook_place_of(pc); /* a timer's channel may go in the scheduler */
    gorc__lock(&c->lock);
    if (!c->timer || !c->closed_by) { /* the free of a timer says so itself */
        c->closed_by = here;
        c->closed_goid = 0;
    }
    atomic_store_explicit(&c->state, GORC__CHAN_FREED, memory_order_relaxed);
    atomic_store_explicit(&c->count, 0, memory_order_relaxed);
    gorc__chan_changed(c);
    gorc__unlock(&c->lock);
    if (c->keys) {
        gorc__hidden_remove(&gorc__chans, &c->link);
        gorc__hook_forget(c->keys, sizeof *c->keys + c->capacity * sizeof c->keys->slot[0]);
        gorc__free(c->keys);
        c->keys = NULL;
        c = to_quarantine(c);
    }
    gorc__free(c);
}

void gorc_chan_unref(gorc_chan *c)
{
    if (!c || gorc__chan_is_freed(c, GORC__PC()))
        return;
    if (atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) == 1)
        chan_free(c, GORC__PC());
}

void gorc_chan_unref_fn(void *c)
{
    gorc_chan_unref(c);
}
