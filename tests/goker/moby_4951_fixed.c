/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of moby_4951.c: both take the lock of the set first.
 */
#include <gorc.h>
#include <stdlib.h>

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
    gorc_mutex_lock(&s->lock);
    gorc_mutex_lock(&d->lock);
    d->mounts--;
    gorc_mutex_unlock(&d->lock);
    gorc_mutex_unlock(&s->lock);
}

static void remove_dev(void *arg)
{
    struct set *s = arg;
    gorc_mutex_lock(&s->lock);
    struct dev *d = s->devs[2];
    gorc_mutex_lock(&d->lock);
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
    gorc_wg_go(&wg, unmount, s);
    gorc_wg_go(&wg, remove_dev, s);
    gorc_wg_wait(&wg);
    for (int i = 0; i < 4; i++)
        free(s->devs[i]);
    free(s);
    return 0;
}
