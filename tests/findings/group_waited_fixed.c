/* SPDX-License-Identifier: MIT
 *
 * The repaired twin of group_waited.c.
 */
#include <gorc.h>

static int task(void *arg)
{
    (void)arg;
    return 0;
}

int main(void)
{
    gorc_group *g = gorc_group_new(NULL, NULL);

    gorc_group_go(g, task, NULL);
    gorc_group_go(g, task, NULL);
    gorc_group_wait(g);
    return 0;
}
