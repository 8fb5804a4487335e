/* SPDX-License-Identifier: MIT
 *
 * The reconciler reads its state under the lock for reading and calls a function that reads it the
 * same way; when a writer asks in between, all of them wait.
 *
 * verdict: deadlock
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
    gorc_rwmutex_rlock(&s->lock); /* HERE: count */
    int n = s->entries;
    gorc_rwmutex_runlock(&s->lock);
    return n;
}

static void reconcile(void *arg)
{
    struct state *s = arg;
    gorc_rwmutex_rlock(&s->lock); /* HERE: reconcile */
    count(s);                     /* HERE: counts */
    gorc_rwmutex_runlock(&s->lock);
}

static void add(void *arg)
{
    struct state *s = arg;
    gorc_rwmutex_lock(&s->lock); /* HERE: add */
    s->entries++;
    gorc_rwmutex_unlock(&s->lock);
}

int main(void)
{
    struct state *s = calloc(1, sizeof *s);
    gorc_wg_go(&s->done, reconcile, s); /* HERE: go-reconcile */
    gorc_wg_go(&s->done, add, s);       /* HERE: go-add */
    gorc_wg_wait(&s->done);
    free(s);
    return 0;
}
