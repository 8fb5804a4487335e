/* SPDX-License-Identifier: MIT
 *
 * The disk is removed by a part that is called with the lock held.
 */
#include <gorc.h>
#include <stdlib.h>

struct machine {
    gorc_mutex lock;
    int disks;
    gorc_waitgroup done;
};

static void remove_disk(struct machine *m)
{
    m->disks--;
}

static void add_disks(void *arg)
{
    struct machine *m = arg;
    gorc_mutex_lock(&m->lock);
    if (m->disks > 0)
        remove_disk(m);
    m->disks++;
    gorc_mutex_unlock(&m->lock);
}

int main(void)
{
    struct machine *m = calloc(1, sizeof *m);
    m->disks = 1;
    gorc_wg_go(&m->done, add_disks, m);
    gorc_wg_wait(&m->done);
    free(m);
    return 0;
}
