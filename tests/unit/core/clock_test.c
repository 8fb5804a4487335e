/* SPDX-License-Identifier: MIT
 *
 * Clocks against plain arrays, on random operations.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "core/clock_node.h"
#include "core/core.h"
#include "trace.h"

enum { CLOCKS = 12, INDICES = 5000 };

static struct dt_clock clock[CLOCKS];
static uint32_t model[CLOCKS][INDICES];
static uint64_t state;

static uint32_t rnd(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 20) % n;
}

static uint32_t some_index(void)
{
    return rnd(3) ? rnd(40) : rnd(INDICES);
}

static bool model_covers(int c, int o)
{
    for (int i = 0; i < INDICES; i++)
        if (model[c][i] < model[o][i])
            return false;
    return true;
}

static void model_join(int c, int o, uint32_t except)
{
    for (uint32_t i = 0; i < INDICES; i++)
        if (i != except && model[c][i] < model[o][i])
            model[c][i] = model[o][i];
}

static void compare(int c)
{
    for (uint32_t i = 0; i < INDICES; i++)
        cr_assert_eq(dt_clock_get(&clock[c], i), model[c][i]);
}

static void step(void)
{
    int c = (int)rnd(CLOCKS), o = (int)rnd(CLOCKS);
    uint32_t i = some_index();
    switch (rnd(8)) {
    case 0:
    case 1:
    case 2:
        model[c][i] += 1 + rnd(5);
        dt_clock_set(&clock[c], i, model[c][i]);
        break;
    case 3:
    case 4: {
        bool covered = model_covers(c, o);
        model_join(c, o, UINT32_MAX);
        cr_assert_eq(dt_clock_join(&clock[c], &clock[o]), !covered);
        break;
    }
    case 5:
        memcpy(model[c], model[o], sizeof model[c]);
        dt_clock_copy(&clock[c], &clock[o]);
        break;
    case 6: { /* what a join says of the left-out component is of no interest: take it out again */
        uint32_t before = dt_clock_get(&clock[c], i);
        dt_clock_join_known(&clock[c], &clock[o], NULL, i);
        model_join(c, o, i);
        uint32_t after = dt_clock_get(&clock[c], i);
        cr_assert(after == before || after == dt_clock_get(&clock[o], i));
        model[c][i] = after;
        break;
    }
    default:
        cr_assert_eq(dt_clock_covers(&clock[c], &clock[o]), model_covers(c, o));
        if (rnd(20) == 0) {
            memset(model[c], 0, sizeof model[c]);
            dt_clock_clear(&clock[c]);
        }
    }
    if (rnd(64) == 0)
        compare(c);
}

Test(clock, agrees_with_arrays)
{
    state = trace_seed() | 1;
    cr_log_info("GORC_TEST_SEED=%lu", (unsigned long)state);
    dt_core_init();
    for (int n = 0; n < 60000; n++)
        step();
    for (int c = 0; c < CLOCKS; c++)
        compare(c);
}

Test(clock, gives_all_nodes_back)
{
    dt_core_init();
    uint32_t before = dt_pool_live(&dt_clock_pool);
    state = 12345;
    for (int n = 0; n < 20000; n++)
        step();
    cr_assert(dt_pool_live(&dt_clock_pool) > before);
    for (int c = 0; c < CLOCKS; c++)
        dt_clock_clear(&clock[c]);
    cr_assert_eq(dt_pool_live(&dt_clock_pool), before);
}

Test(clock, snapshot_and_equal_join_make_no_node)
{
    dt_core_init();
    struct dt_clock a = {0}, b = {0};
    for (dt_index i = 0; i < 1000; i++)
        dt_clock_set(&a, i, i + 1);
    uint32_t before = dt_pool_live(&dt_clock_pool);
    dt_clock_copy(&b, &a);
    cr_assert_not(dt_clock_join(&b, &a));
    cr_assert_eq(dt_pool_live(&dt_clock_pool), before);
    dt_clock_set(&a, 500, 9999);
    cr_assert_eq(dt_clock_get(&b, 500), 501);
    cr_assert(dt_clock_join(&b, &a));
    cr_assert_eq(b.root, a.root); /* it took a's nodes over */
}
