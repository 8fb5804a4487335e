/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of syncthing_4829.c: it notifies after the unlock.
 */
#include <gorc.h>

struct service {
    gorc_rwmutex mu, mapping_mu;
    int addresses, notified;
};

static void notify(struct service *s)
{
    gorc_rwmutex_rlock(&s->mapping_mu);
    s->notified = 1;
    gorc_rwmutex_runlock(&s->mapping_mu);
}

static void clear(struct service *s)
{
    int changed = 0;
    gorc_rwmutex_lock(&s->mapping_mu);
    if (s->addresses) {
        s->addresses = 0;
        changed = 1;
    }
    gorc_rwmutex_unlock(&s->mapping_mu);
    if (changed)
        notify(s);
}

int main(void)
{
    struct service s = {.addresses = 2};
    gorc_rwmutex_lock(&s.mu);
    clear(&s);
    gorc_rwmutex_unlock(&s.mu);
    return 0;
}
