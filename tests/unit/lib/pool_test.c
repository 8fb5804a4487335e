/* SPDX-License-Identifier: MIT
 *
 * gorc_pool: rule P2.
 */
#include "unit.h"

static atomic_int made, dropped;

static void *make_item(void *arg)
{
    atomic_fetch_add(&made, 1);
    int *item = malloc(sizeof *item);
    *item = arg ? *(int *)arg : 0;
    return item;
}

static void drop_item(void *item, void *arg)
{
    (void)arg;
    atomic_fetch_add(&dropped, 1);
    free(item);
}

/* P2: NULL without make; put of NULL is ignored. */
Test(pool, p2_empty)
{
    gorc_pool p = {0};
    gorc_pool_put(&p, NULL);
    CHECK(gorc_pool_get(&p) == NULL);
    gorc_pool_trim(&p);
    gorc_pool_clear(&p);
}

/* P2: what was put comes back, each item once; the last first, where nothing is dropped. */
Test(pool, p2_items_come_back)
{
    one_worker();
    gorc_pool p = {0};
    int item[100];
    bool seen[100] = {0};
    for (int i = 0; i < 100; i++)
        gorc_pool_put(&p, &item[i]);
    for (int i = 0; i < 100; i++) {
        int *got = gorc_pool_get(&p);
        CHECK(got >= item && got < item + 100);
        CHECK(!seen[got - item]);
        seen[got - item] = true;
        if (!gorc_detect_active())
            CHECK_EQ(got - item, 99 - i);
    }
    CHECK(gorc_pool_get(&p) == NULL);
    gorc_pool_clear(&p);
}

/* P2: make is called with arg when there is no item. */
Test(pool, p2_make)
{
    int arg = 17;
    gorc_pool p = {.make = make_item, .drop = drop_item, .arg = &arg};
    int *a = gorc_pool_get(&p), *b = gorc_pool_get(&p);
    CHECK_EQ(*a, 17);
    CHECK_EQ(atomic_load(&made), 2);
    gorc_pool_put(&p, a);
    gorc_pool_put(&p, b);
    gorc_pool_clear(&p);
    CHECK_EQ(atomic_load(&dropped), 2);
}

/* P2: an item that nobody took between two trims goes. */
Test(pool, p2_trim_drops_what_was_not_needed)
{
    one_worker();
    gorc_pool p = {.make = make_item, .drop = drop_item};
    int *item[10];
    for (int i = 0; i < 10; i++)
        item[i] = gorc_pool_get(&p);
    for (int i = 0; i < 10; i++)
        gorc_pool_put(&p, item[i]);
    int lost = atomic_load(&dropped); /* under the detector */
    if (!gorc_detect_active())
        CHECK_EQ(lost, 0);
    gorc_pool_trim(&p); /* they were put since the last one */
    CHECK_EQ(atomic_load(&dropped), lost);
    if (!gorc_detect_active()) {
        for (int i = 0; i < 4; i++)
            item[i] = gorc_pool_get(&p);
        for (int i = 0; i < 4; i++)
            gorc_pool_put(&p, item[i]);
        gorc_pool_trim(&p); /* six stayed */
        CHECK_EQ(atomic_load(&dropped), 6);
        CHECK_EQ(atomic_load(&made), 10);
    }
    gorc_pool_trim(&p);
    CHECK_EQ(atomic_load(&dropped), 10);
    gorc_pool_clear(&p);
}

/* P2: the detector drops one put in four. */
Test(pool, p2_detector_drops_at_random)
{
    gorc_pool p = {.drop = drop_item};
    for (int i = 0; i < 400; i++)
        gorc_pool_put(&p, make_item(NULL));
    int n = atomic_load(&dropped);
    CHECK(gorc_detect_active() ? n > 40 && n < 200 : n == 0);
    gorc_pool_clear(&p);
    CHECK_EQ(atomic_load(&dropped), 400);
}

struct job {
    gorc_pool pool;
    gorc_waitgroup wg;
};

/* P2: an item has one user; what it left in the item is there for the next (plain accesses). */
static void use(void *arg)
{
    struct job *j = arg;
    for (int i = 0; i < scaled(5000); i++) {
        int *item = gorc_pool_get(&j->pool);
        CHECK_EQ(*item, 0);
        *item = 1;
        if (i % 50 == 0)
            gorc_yield();
        *item = 0;
        gorc_pool_put(&j->pool, item);
        if (i % 1000 == 0)
            gorc_pool_trim(&j->pool);
    }
}

Test(pool, p2_stress)
{
    static struct job j = {.pool = {.make = make_item, .drop = drop_item}};
    for (int i = 0; i < 8; i++)
        gorc_wg_go(&j.wg, use, &j);
    gorc_wg_wait(&j.wg);
    gorc_pool_clear(&j.pool);
    CHECK_EQ(atomic_load(&made), atomic_load(&dropped));
}
