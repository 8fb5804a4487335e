/* SPDX-License-Identifier: MIT
 *
 * A goroutine that sleeps when main ends: only a suspect.
 */
#include <gorc.h>

static void sleeper(void *arg)
{
    (void)arg;
    gorc_sleep(600 * GORC_SECOND); /* HERE: sleep */
}

int main(void)
{
    gorc_go(sleeper, NULL); /* HERE: go */
    gorc_yield();
    return 0;
}
