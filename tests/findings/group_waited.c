/* SPDX-License-Identifier: MIT
 *
 * An errgroup is used after its wait, which has freed it.
 */
#include <gorc.h>

static int task(void *arg)
{
    (void)arg;
    return 0;
}

static void finish(gorc_group *g)
{
    gorc_group_wait(g); /* HERE: wait */
}

int main(void)
{
    gorc_group *g = gorc_group_new(NULL, NULL); /* HERE: new */

    gorc_group_go(g, task, NULL);
    finish(g);                    /* HERE: call */
    gorc_group_go(g, task, NULL); /* HERE: again */
    return 0;
}
