/* SPDX-License-Identifier: MIT
 *
 * Timers that are due close together go off together.
 */
#include <criterion/criterion.h>
#include <gorc.h>
#include <stdlib.h>

#include "sched/g.h"
#include "sched/timerheap.h"

enum { TIMERS = 500, FEW = 15, MANY = 16 };

static struct gorc__timer timers[TIMERS];

static void never(struct gorc__timer *t)
{
    (void)t;
}

static uint32_t due_by(int64_t limit, int n)
{
    uint32_t due = 0;
    for (int i = 0; i < n; i++)
        due += timers[i].when <= limit;
    return due;
}

Test(together, timers_that_are_due_are_counted)
{
    struct gorc__timerheap heap;
    gorc_yield();
    gorc__timerheap_init(&heap);
    srand(1);
    for (int i = 0; i < TIMERS; i++) {
        timers[i] = (struct gorc__timer){.when = rand() % 1000, .fn = never, .index = -1};
        cr_assert(gorc__timerheap_add(&heap, &timers[i]));
        for (int64_t limit = -1; limit < 1000; limit += 111) {
            uint32_t due = due_by(limit, i + 1);
            cr_assert_eq(gorc__timerheap_due(&heap, limit, UINT32_MAX), due);
            cr_assert_eq(gorc__timerheap_due(&heap, limit, MANY), due < MANY ? due : MANY);
        }
    }
}

static struct gorc__timerheap *own_heap(void)
{
    gorc_yield();
    return &atomic_load(&gorc__sched.ps[0])->timers;
}

static void add(struct gorc__timerheap *heap, int n, int64_t first, int64_t step)
{
    for (int i = 0; i < n; i++) {
        timers[i] = (struct gorc__timer){.when = first + i * step, .fn = never, .index = -1};
        cr_assert(gorc__timerheap_add(heap, &timers[i]));
    }
}

/* In a heap whose owner is busy here. */
Test(together, few_timers_are_on_time)
{
    struct gorc__timerheap *heap = own_heap();
    int64_t next = gorc_now() + GORC_MILLISECOND / 4;
    add(heap, FEW, next, 1000);
    cr_assert_eq(gorc__timers_together(next), next);
}

Test(together, many_timers_are_half_a_millisecond_late_at_most)
{
    struct gorc__timerheap *heap = own_heap();
    int64_t before = gorc_now(), next = before + GORC_MILLISECOND / 4;
    add(heap, MANY, next, 1000);
    int64_t until = gorc__timers_together(next), after = gorc_now();
    if (after < next) /* else we were kept waiting: they are due */
        cr_assert(until >= before + GORC_MILLISECOND / 2 && until <= after + GORC_MILLISECOND / 2);
    int64_t far = gorc_now() + GORC_SECOND;
    cr_assert_eq(gorc__timers_together(far), far);
}
