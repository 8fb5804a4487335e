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
    atomic_store(&done, 1);
    for (int i = 0; i < THIEVES; i++)
        pthread_join(t[i], NULL);
    drain_global();
    for (int i = 0; i < ITEMS; i++)
        cr_assert_eq(atomic_load(&seen[i]), 1, "item %d was seen %d times", i, seen[i]);
}
