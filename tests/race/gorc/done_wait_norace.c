/* SPDX-License-Identifier: MIT
 *
 * Done happens before the return of the Wait that it ends.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_waitgroup wg;

static void writer(void *arg)
{
    (void)arg;
    x = 1;
    gorc_wg_done(&wg);
}

int main(void)
{
    gorc_wg_add(&wg, 1);
    gorc_go(writer, NULL);
    gorc_wg_wait(&wg);
    if (x == 2)
        abort();
    return 0;
}
