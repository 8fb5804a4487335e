/* SPDX-License-Identifier: MIT
 *
 * Order of memory: a reader's step into a column (sequentially consistent) comes before its loads;
 * a writer's unlinking before the step's check of the columns. So the writer sees the reader, or
 * the reader does not find the item.
 */
#include "base/grace.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/lock.h"

#define STRIPES 32u
/* A batch is looked after each time so many have been retired. */
#define BATCH 32u

static struct stripe {
    _Atomic uint64_t in[2], out[2];
} __attribute__((aligned(128))) stripes[STRIPES];

static _Atomic uint32_t column; /* of new readers; changed under lock */

static struct gorc__lock lock;             /* a leaf; guards the rest */
static struct gorc__grace_item *collected; /* retired since the batch was closed */
static uint32_t n_collected;
static struct gorc__grace_item *batch; /* waits for its two columns */
static bool half_way;                  /* the first has been empty */

static struct stripe *my_stripe(uint32_t *ret_index)
{
    uint64_t thread = (uint64_t)(uintptr_t)__builtin_thread_pointer();
    *ret_index = (uint32_t)((thread * 0x9e3779b97f4a7c15u) >> 59);
    return &stripes[*ret_index];
}

_Static_assert(STRIPES == 1u << (64 - 59), "my_stripe");

uint32_t gorc__grace_enter(void)
{
    uint32_t index;
    struct stripe *s = my_stripe(&index);
    uint32_t c = atomic_load_explicit(&column, memory_order_relaxed) & 1;
    atomic_fetch_add_explicit(&s->in[c], 1, memory_order_seq_cst);
    return index << 1 | c;
}

void gorc__grace_leave(uint32_t read)
{
    atomic_fetch_add_explicit(&stripes[read >> 1].out[read & 1], 1, memory_order_release);
}

/* The outs first: whoever is counted out was counted in before. */
static bool is_empty(uint32_t c)
{
    uint64_t out = 0, in = 0;
    for (uint32_t i = 0; i < STRIPES; i++)
        out += atomic_load_explicit(&stripes[i].out[c], memory_order_acquire);
    atomic_thread_fence(memory_order_seq_cst);
    for (uint32_t i = 0; i < STRIPES; i++)
        in += atomic_load_explicit(&stripes[i].in[c], memory_order_relaxed);
    return in == out;
}

/* lock held. Returns what may be freed. */
static struct gorc__grace_item *advance(void)
{
    atomic_thread_fence(memory_order_seq_cst);
    if (!batch) {
        batch = collected;
        collected = NULL;
        n_collected = 0;
        half_way = false;
    }
    uint32_t c = atomic_load_explicit(&column, memory_order_relaxed);
    if (!batch || !is_empty(!c))
        return NULL;
    if (!half_way) {
        half_way = true;
        atomic_store_explicit(&column, !c, memory_order_seq_cst);
        if (!is_empty(c))
            return NULL;
    }
    struct gorc__grace_item *done = batch;
    batch = NULL;
    return done;
}

static void free_list(struct gorc__grace_item *i)
{
    while (i) {
        struct gorc__grace_item *next = i->next;
        i->free(i);
        i = next;
    }
}

void gorc__grace_retire(struct gorc__grace_item *item, void (*free)(struct gorc__grace_item *item))
{
    struct gorc__grace_item *done = NULL;
    item->free = free;
    gorc__lock(&lock);
    item->next = collected;
    collected = item;
    if (++n_collected % BATCH == 0)
        done = advance();
    gorc__unlock(&lock);
    free_list(done);
}

void gorc__grace_flush(void)
{
    for (int i = 0; i < 2; i++) {
        gorc__lock(&lock);
        struct gorc__grace_item *done = advance();
        gorc__unlock(&lock);
        free_list(done);
    }
}

void gorc__grace_fork_child(void)
{
    for (uint32_t i = 0; i < STRIPES; i++)
        for (uint32_t c = 0; c < 2; c++)
            atomic_store(&stripes[i].out[c], atomic_load(&stripes[i].in[c]));
}
