/* SPDX-License-Identifier: MIT
 *
 * gorc_map_load_or_store that stores happens before one that finds it.
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
    x = 1;
    gorc_map_load_or_store(&map, &key, &value, NULL);
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    if (!gorc_map_load_or_store(&map, &key, NULL, NULL))
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
