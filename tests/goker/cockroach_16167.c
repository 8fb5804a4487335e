/* SPDX-License-Identifier: MIT
 *
 * A session reads the system config under its read lock, and a helper below read-locks again; an
 * update write-locks. Neither met the other in this run.
 *
 * verdict: deadlock
 */
#include <gorc.h>
#include <stdlib.h>

struct exec {
    gorc_rwmutex mu;
    int config;
};

static int get_config(struct exec *e)
{
    gorc_rwmutex_rlock(&e->mu); /* HERE: inner */
    int v = e->config;
    gorc_rwmutex_runlock(&e->mu);
    return v;
}

static void prepare(void *arg)
{
    struct exec *e = arg;
    gorc_rwmutex_rlock(&e->mu); /* HERE: outer */
    int v = get_config(e);      /* HERE: call */
    (void)v;
    gorc_rwmutex_runlock(&e->mu);
}

static void update(void *arg)
{
    struct exec *e = arg;
    gorc_rwmutex_lock(&e->mu); /* HERE: writer */
    e->config++;
    gorc_rwmutex_unlock(&e->mu);
}

int main(void)
{
    struct exec *e = calloc(1, sizeof *e);
    gorc_waitgroup wg = {0};
    gorc_wg_go(&wg, prepare, e); /* HERE: go-prepare */
    gorc_wg_go(&wg, update, e);  /* HERE: go-update */
    gorc_wg_wait(&wg);
    free(e);
    return 0;
}
