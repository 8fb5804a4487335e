/* SPDX-License-Identifier: MIT
 *
 * A 4-ary heap of timers, earliest first. Timers are embedded in their owners and know their place
 * in the heap, so that removal needs no search; the heap only holds pointers and `when`.
 *
 * Everything is guarded by the heap's lock (rank TIMERS), but `next`, which anyone may read.
 */
#ifndef GORC_LIB_SCHED_TIMERHEAP_H
#define GORC_LIB_SCHED_TIMERHEAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"

struct gorc__g;
struct gorc__timer;

struct gorc__timerheap_slot {
    int64_t when;
    struct gorc__timer *timer;
};

struct gorc__timerheap {
    struct gorc__lock lock;
    uint32_t count, capacity;
    struct gorc__timerheap_slot *slots;
    _Atomic int64_t next; /* when of the first; INT64_MAX when empty */
};

/* Either wakes a goroutine (g != NULL: claim, then ready) or calls a function, outside the lock. */
struct gorc__timer {
    int64_t when;
    struct gorc__g *g;
    void (*fn)(struct gorc__timer *t);
    const struct gorc__lock *owner; /* NULL, or held by who changes it; fn takes it */
    struct gorc__timerheap *heap;   /* set by add */
    int32_t index;                  /* -1: not in the heap */
};

void gorc__timerheap_init(struct gorc__timerheap *h);
/* In a forked child: releases the lock. Dropped is what wakes a goroutine, since that is gone, and
 * what another thread was changing at that moment: its function would wait for that thread for
 * ever. All, if the forking thread has not `held` the lock and another one was moving slots. */
void gorc__timerheap_fork_child(struct gorc__timerheap *h, bool held);
/* False when memory is out. */
bool gorc__timerheap_add(struct gorc__timerheap *h, struct gorc__timer *t);
/* True: it was pending and will not fire. False: it has fired or fires now. For timers with g set:
 * after this nobody touches t. */
bool gorc__timer_cancel(struct gorc__timer *t);

/* With h->lock held. */
bool gorc__timerheap_push(struct gorc__timerheap *h, struct gorc__timer *t);
void gorc__timerheap_remove(struct gorc__timerheap *h, struct gorc__timer *t);
/* The first timer if its time has come, taken out; else NULL. */
struct gorc__timer *gorc__timerheap_pop_due(struct gorc__timerheap *h, int64_t now);

/* How many are due at `limit`; counts to `enough` at most. */
uint32_t gorc__timerheap_due(struct gorc__timerheap *h, int64_t limit, uint32_t enough);

/* Adds t to the heap of the caller's P, whoever the caller is. */
bool gorc__timer_add(struct gorc__timer *t);

#endif
