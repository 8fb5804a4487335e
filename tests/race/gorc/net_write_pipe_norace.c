/* SPDX-License-Identifier: MIT
 *
 * gorc_write on a pipe happens before the gorc_read that gets it.
 */
#include <gorc.h>
#include <unistd.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int ends[2];

static void first(void *arg)
{
    (void)arg;
    x = 1;
    if (gorc_write(ends[1], "x", 1) != 1)
        abort();
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    char c;
    if (gorc_read(ends[0], &c, 1) != 1)
        abort();
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    if (pipe(ends))
        abort();
    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_close(ends[0]);
    gorc_close(ends[1]);
    return 0;
}
