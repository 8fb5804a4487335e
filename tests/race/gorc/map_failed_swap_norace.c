/* SPDX-License-Identifier: MIT
 *
 * gorc_map_store happens before a gorc_map_compare_and_swap that fails for its value.
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
    gorc_map_store(&map, &key, &value);
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    if (gorc_map_compare_and_swap(&map, &key, NULL, NULL))
        abort();
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    gorc_map_store(&map, &key, NULL);
    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_map_clear(&map);
    return 0;
}
