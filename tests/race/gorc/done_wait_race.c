/* SPDX-License-Identifier: MIT
 *
 * A write after Done is not ordered before what follows the Wait.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_waitgroup wg, all;

static void writer(void *arg)
{
    (void)arg;
    gorc_wg_done(&wg);
    x = 1;
    hidden_step();
}

int main(void)
{
    gorc_wg_add(&wg, 1);
    gorc_wg_go(&all, writer, NULL);
    gorc_wg_wait(&wg);
    hidden_yield_until(1);
    if (x == 2)
        abort();
    gorc_wg_wait(&all);
    return 0;
}
