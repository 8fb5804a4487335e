/* SPDX-License-Identifier: MIT
 *
 * A write after gorc_close is not ordered before the return of those it wakes.
 *
 * env: GORC_PROCS=1
 */
#include <errno.h>
#include <gorc.h>
#include <stdlib.h>
#include <unistd.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int ends[2];

static void waiter(void *arg)
{
    char c;
    (void)arg;
    if (gorc_read(ends[0], &c, 1) != -EBADF)
        abort();
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    if (pipe(ends))
        abort();
    gorc_wg_go(&wg, waiter, NULL);
    for (int i = 0; i < 10; i++)
        gorc_yield(); /* it waits */
    gorc_close(ends[0]);
    x = 1;
    gorc_wg_wait(&wg);
    gorc_close(ends[1]);
    return 0;
}
