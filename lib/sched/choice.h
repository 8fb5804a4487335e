/* SPDX-License-Identifier: MIT
 *
 * Every choice the scheduler makes goes through here: which ready case of a select, whom to steal
 * from, whether a woken goroutine runs next. The source is seeded (GORC_SEED) and private to a P,
 * so with one worker a run can be repeated.
 */
#ifndef GORC_LIB_SCHED_CHOICE_H
#define GORC_LIB_SCHED_CHOICE_H

#include <stdint.h>

enum gorc__choice {
    GORC__CHOOSE_CASE,     /* which ready case of a select */
    GORC__CHOOSE_VICTIM,   /* where a thief begins */
    GORC__CHOOSE_POOL,     /* race library: what a pool does with an item */
    GORC__CHOOSE_RUN_NEXT, /* 0: a woken goroutine goes behind the others; else it runs next */
    GORC__CHOOSE_YIELD,    /* GORC_DEBUG=yield: 0: yield at this call */
    GORC__CHOOSE_QUEUE,    /* and then, 0: to the global queue */
};

struct gorc__random {
    uint64_t state;
};

static inline void gorc__random_seed(struct gorc__random *r, uint64_t seed, uint64_t stream)
{
    r->state = (seed ^ (stream + 1) * 0x9e3779b97f4a7c15u) | 1;
}

/* xorshift64*: the high half is well mixed. */
static inline uint32_t gorc__random_next(struct gorc__random *r)
{
    uint64_t x = r->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    r->state = x;
    return (uint32_t)((x * 0x2545f4914f6cdd1du) >> 32);
}

/* Uniform in [0, n), n > 0. */
static inline uint32_t gorc__choose(struct gorc__random *r, enum gorc__choice what, uint32_t n)
{
    (void)what;
    return (uint32_t)(((uint64_t)gorc__random_next(r) * n) >> 32);
}

#endif
