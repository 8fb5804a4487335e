/* SPDX-License-Identifier: MIT
 *
 * A goroutine frees what another has used, with nothing in between.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

static int *p;

static void first(void *arg)
{
    (void)arg;
    *p = 1;
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    free(p);
}

int main(void)
{
    gorc_waitgroup wg = {0};

    p = malloc(sizeof(*p));
    if (!p)
        abort();
    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    return 0;
}
