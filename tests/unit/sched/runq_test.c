/* SPDX-License-Identifier: MIT
 *
 * The run queue: first in first out for its owner, and nothing lost or doubled between the owner,
 * thieves, and the global queue that takes what is too much.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

#include "sched/g.h"
#include "sched/runq.h"

#define ITEMS 200000
#define THIEVES 3

static struct gorc__g *items;
static _Atomic uint8_t *seen;
static struct gorc__p *owner;
static atomic_int done;

static struct gorc__p *new_p(uint32_t id)
{
    struct gorc__p *p = gorc__p_new(id);
    cr_assert(p);
    atomic_store(&gorc__sched.nprocs, id + 1); /* as gorc__start does */
    return p;
}

static void note(struct gorc__g *g)
{
    atomic_fetch_add(&seen[g - items], 1);
}

static void *thief(void *arg)
{
    struct gorc__p *p = arg;
    while (!atomic_load(&done) || !gorc__runq_empty(owner)) {
        struct gorc__g *g = gorc__runq_steal(p, owner);
        while (g) {
            note(g);
            g = gorc__runq_pop(p);
        }
    }
    return NULL;
}

static void drain_global(void)
{
    for (struct gorc__g *g = gorc__sched.global_head; g; g = g->next)
        note(g);
}

Test(runq, order_and_overflow)
{
    items = calloc(3000, sizeof *items);
    seen = calloc(3000, 1);
    struct gorc__p *p = new_p(0);
    for (int i = 0; i < 200; i++)
        gorc__runq_push(p, &items[i]);
    for (int i = 0; i < 200; i++)
        cr_assert_eq(gorc__runq_pop(p), &items[i]);
    cr_assert_null(gorc__runq_pop(p));
    for (int i = 0; i < 3000; i++)
        gorc__runq_push(p, &items[i]);
    cr_assert(atomic_load(&gorc__sched.global_count) > 0);
    cr_assert_eq(gorc__sched.global_head, &items[0], "the oldest go to the global queue");
    drain_global();
    for (struct gorc__g *g; (g = gorc__runq_pop(p)) != NULL;)
        note(g);
    for (int i = 0; i < 3000; i++)
        cr_assert_eq(atomic_load(&seen[i]), 1);
}

/* What the owner has taken out of a long queue at once is hidden from thieves, runs in its turn,
 * and is put back when somebody else could run it. */
Test(runq, a_hand_is_played_in_order_or_published)
{
    items = calloc(200, sizeof *items);
    struct gorc__p *p = new_p(0), *other = new_p(1);
    for (int i = 0; i < 200; i++)
        gorc__runq_push(p, &items[i]);
    cr_assert(!gorc__runq_hides(p));
    cr_assert_eq(gorc__runq_pop(p), &items[0]);
    cr_assert(gorc__runq_hides(p), "a hand was dealt");
    struct gorc__g *stolen = gorc__runq_steal(other, p);
    cr_assert(stolen > &items[1], "the thief has what comes after the hand");
    for (struct gorc__g *g = &items[1]; g < stolen; g++)
        cr_assert_eq(gorc__runq_pop(p), g);
    gorc__runq_push(p, stolen);
    cr_assert_not_null(gorc__runq_pop(p));
    cr_assert(gorc__runq_hides(p));
    uint32_t visible = atomic_load(&p->tail) - atomic_load(&p->head);
    gorc__runq_publish(p);
    cr_assert(!gorc__runq_hides(p));
    cr_assert_gt(atomic_load(&p->tail) - atomic_load(&p->head), visible);
}

Test(runq, thieves_lose_and_double_nothing)
{
    pthread_t t[THIEVES];
    items = calloc(ITEMS, sizeof *items);
    seen = calloc(ITEMS, 1);
    owner = new_p(0);
    for (int i = 0; i < THIEVES; i++)
        cr_assert_eq(pthread_create(&t[i], NULL, thief, new_p((uint32_t)i + 1)), 0);
    for (int i = 0; i < ITEMS; i++) {
        gorc__runq_push(owner, &items[i]);
        if (i % 3 == 0) {
            struct gorc__g *g = gorc__runq_pop(owner);
            if (g)
                note(g);
        }
    }
    gorc__runq_publish(owner);
    atomic_store(&done, 1);
    for (int i = 0; i < THIEVES; i++)
        pthread_join(t[i], NULL);
    drain_global();
    for (int i = 0; i < ITEMS; i++)
        cr_assert_eq(atomic_load(&seen[i]), 1, "item %d was seen %d times", i, seen[i]);
}
