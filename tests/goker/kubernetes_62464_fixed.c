/* SPDX-License-Identifier: MIT
 *
 * What is called reads under the lock that its caller holds.
 */
#include <gorc.h>
#include <stdlib.h>

struct state {
    gorc_rwmutex lock;
    int entries;
    gorc_waitgroup done;
};

static int count(struct state *s)
{
    int n = s->entries;
    return n;
}

static void reconcile(void *arg)
{
    struct state *s = arg;
    gorc_rwmutex_rlock(&s->lock);
    count(s);
    gorc_rwmutex_runlock(&s->lock);
}

static void add(void *arg)
{
    struct state *s = arg;
    gorc_rwmutex_lock(&s->lock);
    s->entries++;
    gorc_rwmutex_unlock(&s->lock);
}

int main(void)
{
    struct state *s = calloc(1, sizeof *s);
    gorc_wg_go(&s->done, reconcile, s);
    gorc_wg_go(&s->done, add, s);
    gorc_wg_wait(&s->done);
    free(s);
    return 0;
}
