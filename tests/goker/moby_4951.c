/* SPDX-License-Identifier: MIT
 *
 * Unmounting a device holds its lock and takes the one of the set of devices; a removal holds that
 * of the set and takes the one of the device, which it finds in a table.
 *
 * verdict: deadlock
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

struct dev {
    gorc_mutex lock;
    int mounts;
};

struct set {
    gorc_mutex lock;
    struct dev *devs[4];
};

static void unmount(void *arg)
{
    struct set *s = arg;
    struct dev *d = s->devs[2];
    gorc_mutex_lock(&d->lock); /* HERE: dev1 */
    d->mounts--;
    gorc_mutex_lock(&s->lock); /* HERE: set1 */
    gorc_mutex_unlock(&s->lock);
    gorc_mutex_unlock(&d->lock);
    hidden_step();
}

static void remove_dev(void *arg)
{
    struct set *s = arg;
    hidden_yield_until(1);     /* they do not meet */
    gorc_mutex_lock(&s->lock); /* HERE: set2 */
    struct dev *d = s->devs[2];
    gorc_mutex_lock(&d->lock); /* HERE: dev2 */
    d->mounts = 0;
    gorc_mutex_unlock(&d->lock);
    gorc_mutex_unlock(&s->lock);
}

int main(void)
{
    struct set *s = calloc(1, sizeof *s);
    for (int i = 0; i < 4; i++)
        s->devs[i] = calloc(1, sizeof(struct dev));
    gorc_waitgroup wg = {0};
    gorc_wg_go(&wg, unmount, s);    /* HERE: go-unmount */
    gorc_wg_go(&wg, remove_dev, s); /* HERE: go-remove */
    gorc_wg_wait(&wg);
    for (int i = 0; i < 4; i++)
        free(s->devs[i]);
    free(s);
    return 0;
}
