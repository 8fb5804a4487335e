/* SPDX-License-Identifier: MIT
 *
 * The repaired twin of timer_freed.c.
 */
#include <gorc.h>

int main(void)
{
    gorc_timer *t = gorc_timer_new(GORC_SECOND);

    gorc_timer_stop(t);
    gorc_timer_free(t);
    return 0;
}
