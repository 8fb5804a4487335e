/* SPDX-License-Identifier: MIT
 *
 * gorc_pool_put happens before the gorc_pool_get that returns the item.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_pool pool;
static int item;

static void first(void *arg)
{
    (void)arg;
    x = 1;
    gorc_pool_put(&pool, &item);
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    if (gorc_pool_get(&pool) != &item)
        abort();
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_pool_clear(&pool);
    return 0;
}
