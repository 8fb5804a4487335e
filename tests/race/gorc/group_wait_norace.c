/* SPDX-License-Identifier: MIT
 *
 * The end of a goroutine of an errgroup happens before gorc_group_wait returns.
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

int main(void)
{
    gorc_group *g = gorc_group_new(NULL, NULL);

    gorc_group_go(g, work, NULL);
    if (gorc_group_wait(g) != 0)
        abort();
    if (x == 2)
        abort();
    return 0;
}
