/* SPDX-License-Identifier: MIT
 *
 * A successful try_lock is a lock.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_mutex m;

static void first(void *arg)
{
    (void)arg;
    gorc_mutex_lock(&m);
    x = 1;
    gorc_mutex_unlock(&m);
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    if (!gorc_mutex_try_lock(&m))
        abort();
    if (x == 2)
        abort();
    gorc_mutex_unlock(&m);
}

int main(void)
{
    gorc_waitgroup wg = {0};

    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    return 0;
}
