/* SPDX-License-Identifier: MIT
 *
 * The end of a task's epochs: it goes on under another index, and still knows what it did under
 * the old one.
 */
#include <criterion/criterion.h>

#include "core/core.h"
#include "core/segment.h"
#include "core/shadow.h"
#include "core/sync.h"

static const uintptr_t region = 0x7b0000000000;
static const dt_epoch last_epoch = 0xfffffff0u; /* LAST_EPOCH of task.c */
static int races;

static void count_race(const struct dt_race *r)
{
    (void)r;
    races++;
}

static const void *object(int n)
{
    return (const void *)(0x7c0000000000 + (uintptr_t)n * 64);
}

enum { OF_FIRST, OF_SECOND, OF_LAST, OF_OTHER, OF_THIRD };

/* Both have the same tree of what they heard then, each its own. */
static void hear_both(struct dt_task *t)
{
    dt_acquire(t, object(OF_FIRST));
    dt_acquire(t, object(OF_SECOND));
}

Test(epoch, its_end_is_not_forgotten_with_a_clock_that_is_taken_over)
{
    dt_core_init();
    dt_on_race = count_race;
    struct dt_task *task[7];
    task[0] = dt_self = dt_task_new(NULL, DT_TASK_MAIN, 1, 0);
    for (int i = 1; i < 6; i++)
        task[i] = dt_task_new(task[0], DT_TASK_THREAD, (uint64_t)i, 0);
    struct dt_task *t = task[1], *other = task[2], *third = task[3];
    dt_index old = t->index;
    dt_release(task[4], object(OF_FIRST));
    dt_release(task[5], object(OF_SECOND));
    hear_both(other);
    t->epoch = last_epoch;
    hear_both(t);
    cr_assert(other->clock.depth == 1 && t->clock.depth == 1);
    cr_assert_lt(other->clock.root, t->clock.root, "else the clock below is not taken over");
    dt_self = t;
    dt_access(t, region, 8, DT_WRITE, 0x1000);
    dt_release(t, object(OF_LAST));
    dt_self = other;
    dt_release(other, object(OF_OTHER));
    dt_self = t;
    dt_acquire(t, object(OF_OTHER)); /* takes other's clock over, and its epochs are used up */
    cr_assert_neq(t->index, old);
    cr_assert(dt_task_knows(t, old, last_epoch));
    dt_self = third;
    hear_both(third);
    dt_acquire(third, object(OF_OTHER));
    dt_release(third, object(OF_THIRD));
    dt_self = t;
    dt_acquire(t, object(OF_THIRD));
    cr_assert(dt_task_knows(t, old, last_epoch), "what t did itself is forgotten");
    dt_access(t, region, 8, DT_WRITE, 0x2000);
    cr_assert_eq(races, 0);
}
