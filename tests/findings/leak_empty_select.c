/* SPDX-License-Identifier: MIT
 *
 * A goroutine in an empty select.
 */
#include <gorc.h>

static void stuck(void *arg)
{
    (void)arg;
    gorc_select(NULL, 0); /* HERE: wait */
}

int main(void)
{
    gorc_go(stuck, NULL); /* HERE: go */
    gorc_yield();
    return 0;
}
