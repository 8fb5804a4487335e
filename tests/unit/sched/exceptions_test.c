/* SPDX-License-Identifier: MIT
 *
 * What the C++ runtime keeps for each thread goes along with a goroutine: exceptions being handled
 * when it parks are its own when it goes on, and no others' in the meantime. The C++ runtime is
 * played by the test.
 */
#include <criterion/criterion.h>
#include <gorc.h>

struct globals {
    void *caught;
    unsigned uncaught;
};

static __thread struct globals of_thread;

struct globals *__cxa_get_globals(void);

__attribute__((visibility("default"), noipa)) struct globals *__cxa_get_globals(void)
{
    return &of_thread;
}

enum { TASKS = 16, ROUNDS = 50 };

static int mixed_up;

static void handle(void *arg)
{
    const struct globals *now = __cxa_get_globals();
    if (now->caught || now->uncaught)
        __atomic_store_n(&mixed_up, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < ROUNDS; i++) {
        __cxa_get_globals()->caught = arg;
        __cxa_get_globals()->uncaught = (unsigned)i;
        gorc_yield();
        if (__cxa_get_globals()->caught != arg || __cxa_get_globals()->uncaught != (unsigned)i)
            __atomic_store_n(&mixed_up, 1, __ATOMIC_RELAXED);
    }
    *__cxa_get_globals() = (struct globals){NULL, 0};
}

Test(exceptions, stay_with_their_goroutine, .timeout = 20)
{
    gorc_waitgroup wg = {0};
    static char ids[TASKS];
    for (int i = 0; i < TASKS; i++)
        gorc_wg_go(&wg, handle, &ids[i]);
    gorc_wg_wait(&wg);
    cr_assert_eq(mixed_up, 0);
    cr_assert_null(__cxa_get_globals()->caught);
}
