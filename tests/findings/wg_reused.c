/* SPDX-License-Identifier: MIT
 *
 * A wait group is used again before the wait of the first use has returned (W4).
 */
#include <gorc.h>

static gorc_waitgroup wg;
static gorc_waitgroup done;

static void waits(void *arg)
{
    (void)arg;
    gorc_wg_wait(&wg); /* HERE: wait */
    gorc_wg_done(&done);
}

int main(void)
{
    gorc_procs(1);
    gorc_wg_add(&done, 1);
    gorc_wg_add(&wg, 1);
    gorc_go(waits, NULL); /* HERE: go */
    gorc_yield();
    gorc_wg_done(&wg);   /* HERE: done */
    gorc_wg_add(&wg, 1); /* HERE: again */
    gorc_wg_wait(&done);
    gorc_wg_done(&wg);
    return 0;
}
