/* SPDX-License-Identifier: MIT
 *
 * A timer is stopped after it was freed.
 */
#include <gorc.h>

static void give_up(gorc_timer *t)
{
    gorc_timer_free(t); /* HERE: free */
}

int main(void)
{
    gorc_timer *t = gorc_timer_new(GORC_SECOND); /* HERE: new */

    give_up(t);         /* HERE: call */
    gorc_timer_stop(t); /* HERE: stop */
    return 0;
}
