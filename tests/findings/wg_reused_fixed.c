/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of wg_reused.c: the second use begins when the waiter is through.
 */
#include <gorc.h>

static gorc_waitgroup wg;
static gorc_waitgroup done;

static void waits(void *arg)
{
    (void)arg;
    gorc_wg_wait(&wg);
    gorc_wg_done(&done);
}

int main(void)
{
    gorc_wg_add(&done, 1);
    gorc_wg_add(&wg, 1);
    gorc_go(waits, NULL);
    gorc_yield();
    gorc_wg_done(&wg);
    gorc_wg_wait(&done);
    gorc_wg_add(&wg, 1);
    gorc_wg_done(&wg);
    return 0;
}
