/* SPDX-License-Identifier: MIT
 *
 * A gorc_map_swap reads the store before it: both are ordered before the load.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_map map;
static char key, a, b;

static void first(void *arg)
{
    (void)arg;
    x = 1;
    gorc_map_store(&map, &key, &a);
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    gorc_map_swap(&map, &key, &b, NULL);
    hidden_step();
}

static void third(void *arg)
{
    (void)arg;
    hidden_yield_until(2);
    if (!gorc_map_load(&map, &key, NULL) || x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_go(&wg, third, NULL);
    gorc_wg_wait(&wg);
    gorc_map_clear(&map);
    return 0;
}
