/* SPDX-License-Identifier: MIT
 *
 * A write after the signal is not ordered before what the woken one does.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_mutex m;
static gorc_cond cond;

static void first(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    gorc_mutex_lock(&m); /* got only once the other is in its wait */
    gorc_mutex_unlock(&m);
    gorc_cond_signal(&cond);
    x = 1;
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    gorc_mutex_lock(&m);
    hidden_step();
    gorc_cond_wait(&cond, &m);
    gorc_mutex_unlock(&m);
    hidden_yield_until(2);
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    return 0;
}
