/* SPDX-License-Identifier: MIT
 *
 * gorc_wg_go makes both edges: to the start of the goroutine, and from its end to Wait.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static void writer(void *arg)
{
    (void)arg;
    x++;
}

int main(void)
{
    gorc_waitgroup wg = {0};

    x = 1;
    gorc_wg_go(&wg, writer, NULL);
    gorc_wg_wait(&wg);
    x++;
    if (x != 3)
        abort();
    return 0;
}
