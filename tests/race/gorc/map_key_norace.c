/* SPDX-License-Identifier: MIT
 *
 * What was written to a key before it was stored happens before the map compares it.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static size_t hash(const void *key)
{
    (void)key;
    return 1;
}

static bool equal(const void *a, const void *b)
{
    return *(const int *)a == *(const int *)b;
}

static gorc_map map = {.hash = hash, .equal = equal};

static void first(void *arg)
{
    (void)arg;
    x = 1;
    gorc_map_store(&map, &x, &map);
    hidden_step();
}

static void second(void *arg)
{
    int other = 2;

    (void)arg;
    hidden_yield_until(1);
    if (gorc_map_load(&map, &other, NULL))
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
