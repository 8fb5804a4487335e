/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of etcd_6708.c: it asks before it locks.
 */
#include <gorc.h>

struct client {
    gorc_rwmutex mu;
    int endpoint;
    int (*get)(struct client *c);
};

static int get(struct client *c)
{
    gorc_rwmutex_rlock(&c->mu);
    int endpoint = c->endpoint;
    gorc_rwmutex_runlock(&c->mu);
    return endpoint;
}

static void sync_endpoints(struct client *c)
{
    int endpoint = c->get(c);
    gorc_rwmutex_lock(&c->mu);
    c->endpoint = endpoint + 1;
    gorc_rwmutex_unlock(&c->mu);
}

int main(void)
{
    struct client c = {.get = get};
    sync_endpoints(&c);
    return 0;
}
