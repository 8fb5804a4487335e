/* SPDX-License-Identifier: MIT
 *
 * A P's run queue: a ring that its owner fills and that the owner and thieves empty, without a
 * lock. head and tail only grow; tail - head is the number of entries, at most GORC__RUNQ_SIZE.
 *
 * Of a long queue the owner takes several at a time, so that not each costs an atomic step: its
 * hand. Like run_next, the hand is hidden from others, until sysmon sees that the owner is stuck.
 */
#ifndef GORC_LIB_SCHED_RUNQ_H
#define GORC_LIB_SCHED_RUNQ_H

#include "sched/g.h"

void gorc__runq_overflow(struct gorc__p *p, struct gorc__g *g);
struct gorc__g *gorc__runq_deal(struct gorc__p *p);

#define GORC__RUNQ_LONG 16u /* from here on it is worth while */

/* Goroutines that only the owner sees. */
static inline bool gorc__runq_hides(struct gorc__p *p)
{
    return __atomic_load_n(&p->run_next, __ATOMIC_RELAXED) != NULL ||
           __atomic_load_n(&p->hand, __ATOMIC_RELAXED) != NULL;
}

/* They go into the ring. For the owner, or whoever has taken p. */
void gorc__runq_publish(struct gorc__p *p);

/* Owner only. A batch of a full queue goes to the global queue. */
static inline void gorc__runq_push(struct gorc__p *p, struct gorc__g *g)
{
    uint32_t head = atomic_load_explicit(&p->head, memory_order_acquire); /* pairs with takers */
    uint32_t tail = atomic_load_explicit(&p->tail, memory_order_relaxed);
    if (GORC__UNLIKELY(tail - head == GORC__RUNQ_SIZE)) {
        gorc__runq_overflow(p, g);
        return;
    }
    atomic_store_explicit(&p->ring[tail % GORC__RUNQ_SIZE], g, memory_order_relaxed);
    atomic_store_explicit(&p->tail, tail + 1, memory_order_release); /* pairs with thieves */
}

/* Owner only; NULL when empty. */
static inline struct gorc__g *gorc__runq_pop(struct gorc__p *p)
{
    struct gorc__g *g = p->hand;
    if (g) {
        p->hand = g->next;
        gorc__g_prefetch(g->next);
        return g;
    }
    uint32_t head = atomic_load_explicit(&p->head, memory_order_relaxed), n;
    do {
        n = atomic_load_explicit(&p->tail, memory_order_relaxed) - head;
        if (n == 0)
            return NULL;
        if (n >= GORC__RUNQ_LONG)
            return gorc__runq_deal(p);
        g = atomic_load_explicit(&p->ring[head % GORC__RUNQ_SIZE], memory_order_relaxed);
    } while (!atomic_compare_exchange_weak_explicit(
        &p->head, &head, head + 1, memory_order_acq_rel, memory_order_relaxed));
    return g;
}

/* Of what others see. */
static inline bool gorc__runq_empty(struct gorc__p *p)
{
    return atomic_load_explicit(&p->head, memory_order_acquire) ==
           atomic_load_explicit(&p->tail, memory_order_acquire);
}

/* Owner, in an operation: g will run next, or behind the others. Wakes a worker when there is more
 * here than the owner will run at once: a goroutine that only runs next is left to it, since the
 * owner mostly parks within a microsecond; sysmon sees to the case that it does not. */
static inline void gorc__p_enqueue(struct gorc__p *p, struct gorc__g *g, bool run_next)
{
    if (GORC__UNLIKELY(gorc__sched.perturb) && run_next)
        run_next = gorc__choose(&p->random, GORC__CHOOSE_RUN_NEXT, 4) != 0;
    if (GORC__LIKELY(run_next)) {
        struct gorc__g *old = p->run_next;
        p->run_next = g;
        if (!old)
            return;
        g = old;
    }
    gorc__runq_push(p, g);
    gorc__wake_if_idle();
}

/* Moves half of victim's queue to p's, whose owner the caller is and which is empty; returns one of
 * them, to be run. */
struct gorc__g *gorc__runq_steal(struct gorc__p *p, struct gorc__p *victim);

#endif
