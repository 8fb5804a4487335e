/* SPDX-License-Identifier: MIT
 *
 * The heap itself; firing is in firing.c.
 */
#include "sched/timerheap.h"

#include <stdlib.h>

#include "base/alloc.h"

#define ARITY 4u

void gorc__timerheap_init(struct gorc__timerheap *h)
{
    *h = (struct gorc__timerheap){.next = INT64_MAX};
}

static void place(struct gorc__timerheap *h, uint32_t i, struct gorc__timerheap_slot s)
{
    h->slots[i] = s;
    s.timer->index = (int32_t)i;
}

static void publish(struct gorc__timerheap *h)
{
    int64_t next = h->count ? h->slots[0].when : INT64_MAX;
    atomic_store_explicit(&h->next, next, memory_order_release);
}

static void sift_up(struct gorc__timerheap *h, uint32_t i, struct gorc__timerheap_slot s)
{
    while (i > 0) {
        uint32_t parent = (i - 1) / ARITY;
        if (h->slots[parent].when <= s.when)
            break;
        place(h, i, h->slots[parent]);
        i = parent;
    }
    place(h, i, s);
}

static void sift_down(struct gorc__timerheap *h, uint32_t i, struct gorc__timerheap_slot s)
{
    for (;;) {
        uint32_t first = i * ARITY + 1;
        if (first >= h->count)
            break;
        uint32_t last = first + ARITY < h->count ? first + ARITY : h->count;
        uint32_t best = first;
        for (uint32_t c = first + 1; c < last; c++)
            if (h->slots[c].when < h->slots[best].when)
                best = c;
        if (s.when <= h->slots[best].when)
            break;
        place(h, i, h->slots[best]);
        i = best;
    }
    place(h, i, s);
}

static bool grow(struct gorc__timerheap *h)
{
    uint32_t capacity = h->capacity ? h->capacity * 2 : 16;
    struct gorc__timerheap_slot *slots = gorc__alloc_opaque(capacity * sizeof *slots);
    if (!slots)
        return false;
    for (uint32_t i = 0; i < h->count; i++)
        slots[i] = h->slots[i];
    gorc__free(h->slots);
    h->slots = slots;
    h->capacity = capacity;
    return true;
}

bool gorc__timerheap_push(struct gorc__timerheap *h, struct gorc__timer *t)
{
    if (h->count == h->capacity && !grow(h))
        return false;
    t->heap = h;
    h->count++;
    sift_up(h, h->count - 1, (struct gorc__timerheap_slot){t->when, t});
    publish(h);
    return true;
}

void gorc__timerheap_remove(struct gorc__timerheap *h, struct gorc__timer *t)
{
    uint32_t i = (uint32_t)t->index;
    t->index = -1;
    struct gorc__timerheap_slot last = h->slots[--h->count];
    if (i < h->count) {
        if (i > 0 && last.when < h->slots[(i - 1) / ARITY].when)
            sift_up(h, i, last);
        else
            sift_down(h, i, last);
    }
    publish(h);
}

struct gorc__timer *gorc__timerheap_pop_due(struct gorc__timerheap *h, int64_t now)
{
    if (h->count == 0 || h->slots[0].when > now)
        return NULL;
    struct gorc__timer *t = h->slots[0].timer;
    gorc__timerheap_remove(h, t);
    return t;
}

/* Below a timer that is not due there is none that is. */
static uint32_t due_below(
    const struct gorc__timerheap *h, uint32_t i, int64_t limit, uint32_t enough)
{
    if (i >= h->count || h->slots[i].when > limit)
        return 0;
    uint32_t n = 1;
    for (uint32_t c = 1; c <= ARITY && n < enough; c++)
        n += due_below(h, i * ARITY + c, limit, enough - n);
    return n;
}

uint32_t gorc__timerheap_due(struct gorc__timerheap *h, int64_t limit, uint32_t enough)
{
    gorc__lock(&h->lock);
    uint32_t n = due_below(h, 0, limit, enough);
    gorc__unlock(&h->lock);
    return n;
}

static bool goes_on_in_child(const struct gorc__timer *t)
{
    return t->fn && (!t->owner || atomic_load(&t->owner->word) == 0);
}

void gorc__timerheap_fork_child(struct gorc__timerheap *h, bool held)
{
    uint32_t count = held || !gorc__lock_is_left(&h->lock) ? h->count : 0;
    h->lock.word = 0;
    h->count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct gorc__timerheap_slot s = h->slots[i];
        s.timer->index = -1;
        if (goes_on_in_child(s.timer)) {
            h->count++;
            sift_up(h, h->count - 1, s);
        }
    }
    publish(h);
}

bool gorc__timerheap_add(struct gorc__timerheap *h, struct gorc__timer *t)
{
    gorc__lock(&h->lock);
    bool ok = gorc__timerheap_push(h, t);
    gorc__unlock(&h->lock);
    return ok;
}

bool gorc__timer_cancel(struct gorc__timer *t)
{
    struct gorc__timerheap *h = t->heap;
    gorc__lock(&h->lock);
    bool pending = t->index >= 0;
    if (pending)
        gorc__timerheap_remove(h, t);
    gorc__unlock(&h->lock);
    return pending;
}
