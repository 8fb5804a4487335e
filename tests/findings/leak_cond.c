/* SPDX-License-Identifier: MIT
 *
 * A goroutine that waits for a signal that never comes.
 */
#include <gorc.h>

static gorc_mutex m;
static gorc_cond c;

static void stuck(void *arg)
{
    (void)arg;
    gorc_mutex_lock(&m);
    gorc_cond_wait(&c, &m); /* HERE: wait */
    gorc_mutex_unlock(&m);
}

int main(void)
{
    gorc_go(stuck, NULL); /* HERE: go */
    gorc_yield();
    return 0;
}
