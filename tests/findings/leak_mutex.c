/* SPDX-License-Identifier: MIT
 *
 * A goroutine that waits for a mutex which main has left locked.
 */
#include <gorc.h>

static gorc_mutex m;

static void stuck(void *arg)
{
    (void)arg;
    gorc_mutex_lock(&m); /* HERE: wait */
    gorc_mutex_unlock(&m);
}

int main(void)
{
    gorc_mutex_lock(&m);
    gorc_go(stuck, NULL); /* HERE: go */
    gorc_yield();
    return 0;
}
