/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of cockroach_25456.c: it only looks.
 */
#include <gorc.h>

static void wait_for_quiesce(gorc_chan *quiesce)
{
    gorc_chan_try_recv(quiesce, NULL);
}

int main(void)
{
    gorc_chan *quiesce = gorc_chan_new(0, 0);
    wait_for_quiesce(quiesce);
    gorc_chan_unref(quiesce);
    return 0;
}
