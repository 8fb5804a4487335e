/* SPDX-License-Identifier: MIT
 *
 * main write-locks the service's and the mapping's lock and, since addresses were there, notifies:
 * which read-locks the mapping's.
 *
 * verdict: deadlock
 */
#include <gorc.h>

struct service {
    gorc_rwmutex mu, mapping_mu;
    int addresses, notified;
};

static void notify(struct service *s)
{
    gorc_rwmutex_rlock(&s->mapping_mu); /* HERE: rlock */
    s->notified = 1;
    gorc_rwmutex_runlock(&s->mapping_mu);
}

static void clear(struct service *s)
{
    gorc_rwmutex_lock(&s->mapping_mu);
    if (s->addresses) {
        s->addresses = 0;
        notify(s); /* HERE: notify */
    }
    gorc_rwmutex_unlock(&s->mapping_mu);
}

int main(void)
{
    struct service s = {.addresses = 2};
    gorc_rwmutex_lock(&s.mu);
    clear(&s); /* HERE: clear */
    gorc_rwmutex_unlock(&s.mu);
    return 0;
}
