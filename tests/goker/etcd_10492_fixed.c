/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of etcd_10492.c: the callback runs without the lock.
 */
#include <gorc.h>

struct lessor {
    gorc_rwmutex mu;
    int remaining;
    void (*checkpoint)(struct lessor *l);
};

static void checkpoint(struct lessor *l)
{
    gorc_rwmutex_lock(&l->mu);
    l->remaining = 1;
    gorc_rwmutex_unlock(&l->mu);
}

static void renew(struct lessor *l)
{
    gorc_rwmutex_lock(&l->mu);
    gorc_rwmutex_unlock(&l->mu);
    if (l->checkpoint)
        l->checkpoint(l);
}

int main(void)
{
    struct lessor l = {.checkpoint = checkpoint};
    renew(&l);
    return 0;
}
