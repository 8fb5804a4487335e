/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of grpc_795.c: both paths unlock.
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
    gorc_mutex_lock(&s->mu);
    if (s->drains) {
        gorc_mutex_unlock(&s->mu);
        return;
    }
    s->drains = true;
    gorc_mutex_unlock(&s->mu);
}

int main(void)
{
    struct server *s = calloc(1, sizeof *s);
    gorc_go(serve, s);
    gorc_yield();
    graceful_stop(s);
    graceful_stop(s);
    graceful_stop(s);
    free(s);
    return 0;
}
