/* SPDX-License-Identifier: MIT
 *
 * After many longjmps out of deep calls, the stacks of a race are those of the calls that are
 * live.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static jmp_buf env;

__attribute__((noinline)) static void deep(int n)
{
    volatile int here = n;

    if (n > 0)
        deep(n - 1);
    else
        longjmp(env, 1);
    here++;
}

static void *run(void *arg)
{
    (void)arg;
    for (volatile int i = 0; i < 5000; i++)
        if (!setjmp(env))
            deep(20);
    x = 1;
    hidden_step();
    return NULL;
}

int main(void)
{
    pthread_t t;

    if (pthread_create(&t, NULL, run, NULL))
        abort();
    hidden_wait(1);
    if (x == 2)
        abort();
    pthread_join(t, NULL);
    return 0;
}
