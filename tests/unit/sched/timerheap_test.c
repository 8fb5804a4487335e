/* SPDX-License-Identifier: MIT
 *
 * The timer heap against the naive model: an array that is searched.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "sched/timerheap.h"

#define N 300
#define STEPS 20000

static unsigned next_random(unsigned *state)
{
    *state = *state * 1103515245u + 12345u;
    return *state >> 8;
}

static struct gorc__timer timers[N];
static bool pending[N];

static int64_t model_next(void)
{
    int64_t next = INT64_MAX;
    for (int i = 0; i < N; i++)
        if (pending[i] && timers[i].when < next)
            next = timers[i].when;
    return next;
}

static void pop_due(struct gorc__timerheap *h, int64_t now)
{
    int64_t last = INT64_MIN;
    for (;;) {
        int64_t expected = model_next();
        struct gorc__timer *t = gorc__timerheap_pop_due(h, now);
        if (!t) {
            cr_assert(expected > now);
            return;
        }
        cr_assert(pending[t - timers]);
        cr_assert_eq(t->when, expected);
        cr_assert(t->when >= last);
        cr_assert_eq(t->index, -1);
        last = t->when;
        pending[t - timers] = false;
    }
}

Test(timerheap, agrees_with_the_model)
{
    struct gorc__timerheap heap;
    unsigned seed = 42;
    int64_t now = 0;
    gorc__timerheap_init(&heap);
    for (int i = 0; i < N; i++)
        timers[i].index = -1;
    for (int step = 0; step < STEPS; step++) {
        unsigned i = next_random(&seed) % N;
        if (next_random(&seed) % 16 == 0)
            pop_due(&heap, now += next_random(&seed) % 50);
        else if (pending[i])
            cr_assert((pending[i] = !gorc__timer_cancel(&timers[i])) == false);
        else {
            timers[i].when = now + next_random(&seed) % 200;
            cr_assert(gorc__timerheap_add(&heap, &timers[i]));
            pending[i] = true;
        }
        cr_assert_eq(atomic_load(&heap.next), model_next());
    }
    pop_due(&heap, INT64_MAX - 1);
    cr_assert_eq(heap.count, 0);
}

Test(timerheap, cancel_after_pop_is_false)
{
    struct gorc__timerheap heap;
    struct gorc__timer t = {.when = 5, .index = -1};
    gorc__timerheap_init(&heap);
    cr_assert(gorc__timerheap_add(&heap, &t));
    cr_assert_null(gorc__timerheap_pop_due(&heap, 4));
    cr_assert_eq(gorc__timerheap_pop_due(&heap, 5), &t);
    cr_assert_not(gorc__timer_cancel(&t));
}
