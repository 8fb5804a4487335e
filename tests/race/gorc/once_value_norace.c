/* SPDX-License-Identifier: MIT
 *
 * The computation of a gorc_once_value happens before every gorc_once_value_get returns.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static void *compute(void *arg)
{
    x = 1;
    return arg;
}

static gorc_once_value value = GORC_ONCE_VALUE(compute, &value);

static void first(void *arg)
{
    (void)arg;
    gorc_once_value_get(&value);
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    if (gorc_once_value_get(&value) != &value || x == 2)
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
