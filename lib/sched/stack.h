/* SPDX-License-Identifier: MIT
 *
 * Stacks of goroutines. A slot is, from low to high addresses: the guard, the stack, the
 * goroutine's record. Slots of the default size come from large reservations ("arenas") that are
 * made usable in growing chunks; other sizes are mapped one by one. Memory of a slot is never
 * unmapped, so a stale pointer to a goroutine's record can always be read; after a trim it reads as
 * zero, which is a goroutine that has ended.
 */
#ifndef GORC_LIB_SCHED_STACK_H
#define GORC_LIB_SCHED_STACK_H

#include <stddef.h>
#include <stdint.h>

#include "sched/g.h"

/* Pages below each stack that fault. Several: a function that does not touch all of its frame may
 * step over one. */
#define GORC__GUARD_PAGES 4u

/* Where a record lies in its slot: see stack.c. */
#define GORC__COLOURS 8u
#define GORC__COLOUR_STEP 256u

struct gorc__arena {
    struct gorc__arena *older;
    uintptr_t base;
    size_t slots;        /* reserved */
    size_t committed;    /* usable */
    _Atomic size_t used; /* handed out */
};

extern _Atomic(struct gorc__arena *) gorc__arenas; /* the newest */
extern size_t gorc__slot_size;

/* Sets the default slot size, before the first goroutine is made. */
void gorc__stack_init(size_t slot_size);

/* A goroutine record on a fresh or a recycled stack, with size_class, stack_lo and stack_hi set;
 * NULL when memory is out. p, if not NULL, is the caller's and keeps a batch of fresh slots. */
struct gorc__g *gorc__stack_new(struct gorc__p *p);
struct gorc__g *gorc__stack_new_sized(size_t size);
/* Takes back a record made by gorc__stack_new_sized. */
void gorc__stack_free_sized(struct gorc__g *g);

/* Gives the memory of `n` ended goroutines of the default size back to the system, their records
 * included; their slots are used again before fresh ones. `list` is sorted in place. */
void gorc__stack_trim(struct gorc__g **list, size_t n);

/* Calls fn for every default-size record that was ever used; takes no lock. */
bool gorc__stack_each(bool (*fn)(struct gorc__g *g, void *arg), void *arg);

#endif
