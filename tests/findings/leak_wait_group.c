/* SPDX-License-Identifier: MIT
 *
 * A goroutine that waits for a Done that never comes.
 */
#include <gorc.h>

static gorc_waitgroup wg;

static void stuck(void *arg)
{
    (void)arg;
    gorc_wg_wait(&wg); /* HERE: wait */
}

int main(void)
{
    gorc_wg_add(&wg, 1);
    gorc_go(stuck, NULL); /* HERE: go */
    gorc_yield();
    return 0;
}
