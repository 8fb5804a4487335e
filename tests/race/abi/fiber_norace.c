/* SPDX-License-Identifier: MIT
 *
 * A switch of fibers orders what the one did before what the other does next.
 */
#include <pthread.h>
#include <stdlib.h>
#include <ucontext.h>

#include "barrier.h"

void *__tsan_get_current_fiber(void);
void *__tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void *fiber);
void __tsan_switch_to_fiber(void *fiber, unsigned flags);
enum { NO_SYNC = 1 };

int x; /* not static, or compilers would see through the test */
static ucontext_t here, there;
static void *outer, *inner;
static char stack[256 << 10];

static void work(void)
{
    x = 1;
    __tsan_switch_to_fiber(outer, 0);
    swapcontext(&there, &here);
}

static void *first(void *arg)
{
    (void)arg;
    outer = __tsan_get_current_fiber();
    inner = __tsan_create_fiber(0);
    getcontext(&there);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof stack;
    makecontext(&there, work, 0);
    __tsan_switch_to_fiber(inner, 0);
    swapcontext(&here, &there);
    if (x == 2)
        abort();
    __tsan_destroy_fiber(inner);
    return NULL;
}

int main(void)
{
    pthread_t t[1];

    if (pthread_create(&t[0], NULL, first, NULL))
        abort();
    for (int i = 0; i < 1; i++)
        pthread_join(t[i], NULL);
    return 0;
}
