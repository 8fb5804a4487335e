/* SPDX-License-Identifier: MIT
 *
 * A disk is added to a virtual machine under its lock; when it is there already, it is removed
 * first, by a function that takes the lock itself.
 *
 * verdict: deadlock
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
    gorc_mutex_lock(&m->lock); /* HERE: remove */
    m->disks--;
    gorc_mutex_unlock(&m->lock);
}

static void add_disks(void *arg)
{
    struct machine *m = arg;
    gorc_mutex_lock(&m->lock); /* HERE: add */
    if (m->disks > 0)
        remove_disk(m); /* HERE: again */
    m->disks++;
    gorc_mutex_unlock(&m->lock);
}

int main(void)
{
    struct machine *m = calloc(1, sizeof *m);
    m->disks = 1;
    gorc_wg_go(&m->done, add_disks, m); /* HERE: go */
    gorc_wg_wait(&m->done);             /* HERE: wait */
    free(m);
    return 0;
}
