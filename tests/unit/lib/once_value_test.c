/* SPDX-License-Identifier: MIT
 *
 * gorc_once_func, gorc_once_value: rule O6, as far as it is not about panics.
 */
#include "unit.h"

static atomic_int calls;
static int answer;

static void count(void *arg)
{
    atomic_fetch_add(&calls, *(int *)arg);
}

static int three = 3;

/* O6 */
Test(once_value, o6_once_func)
{
    static gorc_once_func f = GORC_ONCE_FUNC(count, &three);
    gorc_once_func_call(&f);
    gorc_once_func_call(&f);
    CHECK_EQ(atomic_load(&calls), 3);
}

static void *compute(void *arg)
{
    atomic_fetch_add(&calls, 1);
    gorc_yield();
    answer = 42;
    return arg;
}

static gorc_once_value value = GORC_ONCE_VALUE(compute, &answer);

static void use(void *arg)
{
    int *got = gorc_once_value_get(&value);
    CHECK(got == &answer);
    CHECK_EQ(*got, 42);
    gorc_wg_done(arg);
}

/* O6: one computation for all, its effects seen by all (plain accesses). */
Test(once_value, o6_once_value)
{
    gorc_waitgroup wg = {0};
    gorc_wg_add(&wg, 20);
    for (int i = 0; i < 20; i++)
        gorc_go(use, &wg);
    gorc_wg_wait(&wg);
    CHECK_EQ(atomic_load(&calls), 1);
}

static void *leave(void *arg)
{
    (void)arg;
    gorc_goexit();
}

static gorc_once_value left = GORC_ONCE_VALUE(leave, NULL);

static void get_left(void *arg)
{
    gorc_defer_done(arg);
    gorc_once_value_get(&left);
}

/* O6: a function that ends its goroutine has no value; it is not called again. */
Test(once_value, o6_goexit)
{
    gorc_waitgroup wg = {0};
    gorc_wg_add(&wg, 1);
    gorc_go(get_left, &wg);
    gorc_wg_wait(&wg);
    CHECK(gorc_once_value_get(&left) == NULL);
}
