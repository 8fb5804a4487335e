/* SPDX-License-Identifier: MIT
 *
 * The slow paths of the run queue.
 */
#include "sched/runq.h"

/* At most so many move at once: they pass through the caller's stack. */
#define BATCH 128u
#define HAND 8u

/* Takes half of the entries, at most BATCH, into out; returns how many. */
static uint32_t grab(struct gorc__p *p, struct gorc__g **out)
{
    uint32_t head = atomic_load_explicit(&p->head, memory_order_acquire);
    for (;;) {
        uint32_t tail = atomic_load_explicit(&p->tail, memory_order_acquire);
        uint32_t n = tail - head;
        n -= n / 2;
        if (n == 0)
            return 0;
        if (n > GORC__RUNQ_SIZE / 2) { /* head and tail were read at different times */
            head = atomic_load_explicit(&p->head, memory_order_acquire);
            continue;
        }
        if (n > BATCH)
            n = BATCH;
        for (uint32_t i = 0; i < n; i++)
            out[i] =
                atomic_load_explicit(&p->ring[(head + i) % GORC__RUNQ_SIZE], memory_order_relaxed);
        if (atomic_compare_exchange_strong_explicit(
                &p->head, &head, head + n, memory_order_acq_rel, memory_order_acquire))
            return n;
    }
}

void gorc__runq_overflow(struct gorc__p *p, struct gorc__g *g)
{
    struct gorc__g *batch[BATCH];
    uint32_t n = grab(p, batch);
    if (n == 0) { /* thieves have made room */
        gorc__runq_push(p, g);
        return;
    }
    for (uint32_t i = 0; i + 1 < n; i++)
        batch[i]->next = batch[i + 1];
    batch[n - 1]->next = g;
    gorc__global_push(batch[0], g, n + 1);
}

struct gorc__g *gorc__runq_steal(struct gorc__p *p, struct gorc__p *victim)
{
    struct gorc__g *batch[BATCH];
    uint32_t n = grab(victim, batch);
    if (n == 0)
        return NULL;
    uint32_t tail = atomic_load_explicit(&p->tail, memory_order_relaxed);
    for (uint32_t i = 1; i < n; i++)
        atomic_store_explicit(
            &p->ring[(tail + i - 1) % GORC__RUNQ_SIZE], batch[i], memory_order_relaxed);
    atomic_store_explicit(&p->tail, tail + n - 1, memory_order_release);
    return batch[0];
}

/* A hand is an eighth of the owner's share of the queue at most: others who take the rest meanwhile
 * do not run out of work before the owner has played it. */
struct gorc__g *gorc__runq_deal(struct gorc__p *p)
{
    struct gorc__g *hand[HAND];
    uint32_t head = atomic_load_explicit(&p->head, memory_order_relaxed), n;
    do {
        n = atomic_load_explicit(&p->tail, memory_order_relaxed) - head;
        if (n == 0)
            return NULL;
        n = 1 + n / 8 / atomic_load_explicit(&gorc__sched.nprocs, memory_order_relaxed);
        if (n > HAND)
            n = HAND;
        for (uint32_t i = 0; i < n; i++)
            hand[i] =
                atomic_load_explicit(&p->ring[(head + i) % GORC__RUNQ_SIZE], memory_order_relaxed);
    } while (!atomic_compare_exchange_weak_explicit(
        &p->head, &head, head + n, memory_order_acq_rel, memory_order_relaxed));
    struct gorc__g *rest = NULL;
    while (--n > 0) {
        hand[n]->next = rest;
        rest = hand[n];
    }
    p->hand = rest;
    return hand[0];
}

void gorc__runq_publish(struct gorc__p *p)
{
    struct gorc__g *first = p->run_next, *rest = p->hand;
    p->run_next = p->hand = NULL;
    if (first)
        gorc__runq_push(p, first);
    while (rest) {
        struct gorc__g *g = rest;
        rest = g->next;
        gorc__runq_push(p, g);
    }
}
