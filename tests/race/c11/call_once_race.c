/* SPDX-License-Identifier: MIT
 *
 * What the first caller does after call_once is not ordered before the second caller.
 */
#include <stdlib.h>
#include <threads.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static once_flag once = ONCE_FLAG_INIT;

static void init(void)
{
}

static int first(void *arg)
{
    (void)arg;
    call_once(&once, init);
    x = 1;
    hidden_step();
    return 0;
}

static int second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    call_once(&once, init);
    if (x == 2)
        abort();
    return 0;
}

int main(void)
{
    thrd_t a, b;

    if (thrd_create(&a, first, NULL) != thrd_success ||
        thrd_create(&b, second, NULL) != thrd_success)
        abort();
    thrd_join(a, NULL);
    thrd_join(b, NULL);
    return 0;
}
