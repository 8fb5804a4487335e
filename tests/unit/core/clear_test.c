/* SPDX-License-Identifier: MIT
 *
 * Clearing of many pages, whole and in part, against a model of who wrote each granule since it was
 * last cleared. The tasks are never ordered: a write races with everybody else's.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "core/overflow.h"
#include "core/shadow.h"

enum { PAGE = 4096, PAGES = 64, GRANULES = PAGES * PAGE / 8, TASKS = 4, STEPS = 6000 };
/* A chunk of the shadow ends in the middle. */
static const uintptr_t region = 0x7b0004000000 - (uintptr_t)PAGES / 2 * PAGE;

static struct dt_task *tasks[TASKS];
static uint8_t writers[GRANULES];
static bool reported[GRANULES];
static unsigned n_reported;
static uint64_t state;

static unsigned rnd(unsigned n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % n;
}

static void note(const struct dt_race *r)
{
    size_t g = (r->granule - region) / 8;
    cr_assert(g < GRANULES);
    n_reported += !reported[g];
    reported[g] = true;
}

static void start(void)
{
    const char *seed = getenv("GORC_TEST_SEED");
    state = seed ? strtoul(seed, NULL, 0) : 1;
    dt_core_init();
    dt_race_repeats = true;
    dt_on_race = note;
    tasks[0] = dt_self = dt_task_new(NULL, DT_TASK_MAIN, 1, 0);
    for (unsigned i = 1; i < TASKS; i++)
        tasks[i] = dt_task_new(dt_self, DT_TASK_THREAD, i + 1, 0);
}

struct range {
    unsigned from, n; /* granules */
};

static struct range some_range(void)
{
    static const unsigned longest[] = {1, 4, 40, 512, 3000, 20000};
    struct range r = {rnd(GRANULES), 1 + rnd(longest[rnd(6)])};
    if (rnd(3) == 0)
        r.from &= ~511u;
    if (r.n > 512 && rnd(3) == 0)
        r.n &= ~511u;
    if (r.n > GRANULES - r.from)
        r.n = GRANULES - r.from;
    return r;
}

static uintptr_t at(unsigned granule)
{
    return region + 8 * (uintptr_t)granule;
}

/* After a write of r by task i: what was reported? */
static void check(struct range r, unsigned i)
{
    unsigned expected = 0;
    for (unsigned g = r.from; g < r.from + r.n; g++) {
        bool races = (writers[g] & ~(1u << i)) != 0;
        expected += races;
        cr_assert_eq(reported[g], races, "granule %u", g);
        writers[g] |= (uint8_t)(1u << i);
    }
    cr_assert_eq(n_reported, expected);
    memset(reported, 0, sizeof reported);
    n_reported = 0;
}

/* What a task wrote already is not checked again. The middle of each granule is written. */
static void write_some(struct range r, unsigned i)
{
    for (unsigned g = r.from; g < r.from + r.n; g++)
        if (writers[g] & 1u << i)
            return;
    dt_self = tasks[i];
    uintptr_t first = at(r.from) + rnd(4), end = at(r.from + r.n) - rnd(4);
    dt_access(dt_self, first, end - first, DT_WRITE, 0x42);
    check(r, i);
}

static void forget(struct range r)
{
    memset(&writers[r.from], 0, r.n);
}

static void use_block(void)
{
    struct range r = some_range();
    dt_self = tasks[rnd(TASKS)];
    dt_block_alloc(dt_self, at(r.from), 8 * (size_t)r.n, 0x43);
    forget(r);
    for (unsigned n = rnd(4); n > 0; n--)
        write_some((struct range){r.from + rnd(r.n), 1}, rnd(TASKS));
    unsigned i = rnd(TASKS);
    dt_self = tasks[i];
    cr_assert(dt_block_free(dt_self, at(r.from), 0x44));
    check(r, i);
}

Test(clear, forgets_all_of_it_and_nothing_else, .timeout = 500)
{
    start();
    for (unsigned step = 0; step < STEPS; step++) {
        struct range r = some_range();
        switch (rnd(4)) {
        case 0:
            dt_shadow_clear(at(r.from), 8 * (size_t)r.n);
            forget(r);
            break;
        case 1:
            use_block();
            break;
        default:
            write_some(r, rnd(TASKS));
        }
    }
    dt_shadow_clear(region, PAGES * PAGE);
    cr_assert_eq(dt_pool_live(&dt_over_pool), 0);
}
