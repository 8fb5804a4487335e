/* SPDX-License-Identifier: MIT
 *
 * A mutex and an rwmutex that are moved while they are locked: where the originals were locked is
 * shown.
 */
#include <gorc.h>
#include <string.h>

struct table {
    gorc_mutex m;
    gorc_rwmutex rw;
};

static struct table t, moved;

static void lock(void *arg)
{
    (void)arg;
    gorc_mutex_lock(&t.m);    /* HERE: lock */
    gorc_rwmutex_lock(&t.rw); /* HERE: rw-lock */
}

int main(void)
{
    gorc_waitgroup wg = {0};

    gorc_wg_go(&wg, lock, NULL); /* HERE: go */
    gorc_wg_wait(&wg);
    memcpy(&moved, &t, sizeof(moved));
    gorc_mutex_unlock(&moved.m);    /* HERE: unlock */
    gorc_rwmutex_unlock(&moved.rw); /* HERE: rw */
    return 0;
}
