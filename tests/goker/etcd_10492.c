/* SPDX-License-Identifier: MIT
 *
 * A lessor calls its checkpoint callback with its lock held; the callback locks it too.
 *
 * verdict: deadlock
 */
#include <gorc.h>

struct lessor {
    gorc_rwmutex mu;
    int remaining;
    void (*checkpoint)(struct lessor *l);
};

static void checkpoint(struct lessor *l)
{
    gorc_rwmutex_lock(&l->mu); /* HERE: again */
    l->remaining = 1;
    gorc_rwmutex_unlock(&l->mu);
}

static void renew(struct lessor *l)
{
    gorc_rwmutex_lock(&l->mu); /* HERE: lock */
    if (l->checkpoint)
        l->checkpoint(l); /* HERE: call */
    gorc_rwmutex_unlock(&l->mu);
}

int main(void)
{
    struct lessor l = {.checkpoint = checkpoint};
    renew(&l); /* HERE: renew */
    return 0;
}
