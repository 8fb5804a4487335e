/* SPDX-License-Identifier: MIT
 *
 * The one call of a once happens before every gorc_once_do returns.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_once once;

static void make(void *arg)
{
    (void)arg;
    x = 3;
}

static void first(void *arg)
{
    (void)arg;
    gorc_once_do(&once, make, NULL);
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    gorc_once_do(&once, make, NULL);
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    return 0;
}
