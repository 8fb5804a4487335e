/* SPDX-License-Identifier: MIT
 *
 * Two readers are not ordered: a write under a read lock races with another reader.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_rwmutex m;

static void first(void *arg)
{
    (void)arg;
    gorc_rwmutex_rlock(&m);
    x = 1;
    gorc_rwmutex_runlock(&m);
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    gorc_rwmutex_rlock(&m);
    if (x == 2)
        abort();
    gorc_rwmutex_runlock(&m);
}

int main(void)
{
    gorc_waitgroup wg = {0};

    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    return 0;
}
