/* SPDX-License-Identifier: MIT
 *
 * What follows a gorc_map_store is not ordered before the load of what it stored.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_map map;
static char key, value;

static void first(void *arg)
{
    (void)arg;
    gorc_map_store(&map, &key, &value);
    x = 1;
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    if (!gorc_map_load(&map, &key, NULL))
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
    gorc_map_clear(&map);
    return 0;
}
