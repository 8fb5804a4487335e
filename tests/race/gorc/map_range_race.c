/* SPDX-License-Identifier: MIT
 *
 * What follows a gorc_map_store is not ordered before the range that sees it.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_map map;
static char key, value;
static int seen;

static bool see(void *k, void *v, void *arg)
{
    (void)arg;
    seen = k == &key && v == &value;
    return true;
}

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
    gorc_map_range(&map, see, NULL);
    if (!seen)
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
