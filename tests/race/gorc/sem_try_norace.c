/* SPDX-License-Identifier: MIT
 *
 * gorc_sem_release happens before a later gorc_sem_try_acquire that succeeds.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_sem sem = GORC_SEM_INIT(1);

static void first(void *arg)
{
    (void)arg;
    x = 1;
    gorc_sem_release(&sem, 1);
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    if (!gorc_sem_try_acquire(&sem, 1))
        abort();
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    gorc_sem_acquire(&sem, NULL, 1);
    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_sem_release(&sem, 1);
    return 0;
}
