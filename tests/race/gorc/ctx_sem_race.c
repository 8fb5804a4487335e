/* SPDX-License-Identifier: MIT
 *
 * What the canceller does later is not ordered before gorc_sem_acquire returns because of it.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static gorc_ctx *ctx;
static gorc_sem sem = GORC_SEM_INIT(1);

static void first(void *arg)
{
    (void)arg;
    gorc_ctx_cancel(ctx);
    x = 1;
    hidden_step();
}

static void second(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    if (gorc_sem_acquire(&sem, ctx, 2) == 0)
        abort();
    if (x == 2)
        abort();
}

int main(void)
{
    gorc_waitgroup wg = {0};

    ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_wg_go(&wg, first, NULL);
    gorc_wg_go(&wg, second, NULL);
    gorc_wg_wait(&wg);
    gorc_ctx_free(ctx);
    return 0;
}
