/* SPDX-License-Identifier: MIT
 *
 * A graceful stop locks; when the server drains already it locks again where it should unlock, and
 * the first call does not unlock at all. main stops three times.
 *
 * verdict: deadlock
 */
#include <gorc.h>
#include <stdlib.h>

struct server {
    gorc_mutex mu;
    bool drains;
};

static void serve(void *arg)
{
    struct server *s = arg;
    gorc_mutex_lock(&s->mu);
    gorc_mutex_unlock(&s->mu);
}

static void graceful_stop(struct server *s)
{
    gorc_mutex_lock(&s->mu); /* HERE: lock */
    if (s->drains) {
        gorc_mutex_lock(&s->mu);
        return;
    }
    s->drains = true;
}

int main(void)
{
    struct server *s = calloc(1, sizeof *s);
    gorc_go(serve, s);
    gorc_yield();
    graceful_stop(s);
    graceful_stop(s); /* HERE: second */
    graceful_stop(s);
    free(s);
    return 0;
}
