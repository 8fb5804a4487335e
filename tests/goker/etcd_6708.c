/* SPDX-License-Identifier: MIT
 *
 * main write-locks an rwmutex and calls, through a table of functions, something that read-locks
 * it.
 *
 * verdict: deadlock
 */
#include <gorc.h>

struct client {
    gorc_rwmutex mu;
    int endpoint;
    int (*get)(struct client *c);
};

static int get(struct client *c)
{
    gorc_rwmutex_rlock(&c->mu); /* HERE: rlock */
    int endpoint = c->endpoint;
    gorc_rwmutex_runlock(&c->mu);
    return endpoint;
}

static void sync_endpoints(struct client *c)
{
    gorc_rwmutex_lock(&c->mu);   /* HERE: lock */
    c->endpoint = c->get(c) + 1; /* HERE: call */
    gorc_rwmutex_unlock(&c->mu);
}

int main(void)
{
    struct client c = {.get = get};
    sync_endpoints(&c); /* HERE: sync */
    return 0;
}
