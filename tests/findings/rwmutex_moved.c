/* SPDX-License-Identifier: MIT
 *
 * An rwmutex that is copied while it is locked: where the original was locked is shown.
 */
#include <gorc.h>

static gorc_rwmutex rw;

static void lock(void *arg)
{
    (void)arg;
    gorc_rwmutex_lock(&rw); /* HERE: lock */
}

int main(void)
{
    gorc_waitgroup wg = {0};

    gorc_wg_go(&wg, lock, NULL); /* HERE: go */
    gorc_wg_wait(&wg);
    gorc_rwmutex copy = rw;
    gorc_rwmutex_unlock(&copy); /* HERE: unlock */
    gorc_rwmutex_unlock(&rw);
    return 0;
}
