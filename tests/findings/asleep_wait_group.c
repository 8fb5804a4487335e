/* SPDX-License-Identifier: MIT
 *
 * Main waits for a Done that never comes.
 */
#include <gorc.h>

static gorc_waitgroup wg;

static void forgets(void *arg)
{
    (void)arg;
}

int main(void)
{
    gorc_wg_add(&wg, 2);
    gorc_go(forgets, NULL);
    gorc_wg_wait(&wg); /* HERE: wait */
    return 0;
}
