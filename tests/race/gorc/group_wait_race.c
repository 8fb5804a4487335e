/* SPDX-License-Identifier: MIT
 *
 * Two goroutines of an errgroup are not ordered.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static int work(void *arg)
{
    (void)arg;
    x = 1;
    hidden_step();
    return 0;
}

static int look(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    return x == 2;
}

int main(void)
{
    gorc_group *g = gorc_group_new(NULL, NULL);

    gorc_group_go(g, work, NULL);
    gorc_group_go(g, look, NULL);
    if (gorc_group_wait(g) != 0)
        abort();
    return 0;
}
