/* SPDX-License-Identifier: MIT
 *
 * A mutex and an rwmutex that are moved while they are locked.
 */
#include <gorc.h>
#include <string.h>

struct table {
    gorc_mutex m;
    gorc_rwmutex rw;
};

int main(void)
{
    static struct table t, moved;

    gorc_mutex_lock(&t.m);
    gorc_rwmutex_lock(&t.rw);
    memcpy(&moved, &t, sizeof(moved));
    gorc_mutex_unlock(&moved.m);    /* HERE: unlock */
    gorc_rwmutex_unlock(&moved.rw); /* HERE: rw */
    return 0;
}
