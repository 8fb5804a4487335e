/* SPDX-License-Identifier: MIT
 *
 * An add from zero that nothing orders with the wait (W2), though the run goes well.
 */
#include <gorc.h>

#include "barrier.h"

static gorc_waitgroup wg;

static void work(void *arg)
{
    (void)arg;
    gorc_wg_add(&wg, 1);
    gorc_wg_done(&wg);
    hidden_step();
}

int main(void)
{
    gorc_go(work, NULL);
    hidden_wait(1);
    gorc_wg_wait(&wg);
    return 0;
}
