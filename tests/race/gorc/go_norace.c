/* SPDX-License-Identifier: MIT
 *
 * What a goroutine did before gorc_go happens before the start of the new one.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static void reader(void *arg)
{
    (void)arg;
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    x = 1;
    gorc_wg_go(&wg, reader, NULL);
    gorc_wg_wait(&wg);
    return 0;
}
