/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of cockroach_16167.c: only the helper locks.
 */
#include <gorc.h>
#include <stdlib.h>

struct exec {
    gorc_rwmutex mu;
    int config;
};

static int get_config(struct exec *e)
{
    gorc_rwmutex_rlock(&e->mu);
    int v = e->config;
    gorc_rwmutex_runlock(&e->mu);
    return v;
}

static void prepare(void *arg)
{
    struct exec *e = arg;
    int v = get_config(e);
    (void)v;
}

static void update(void *arg)
{
    struct exec *e = arg;
    gorc_rwmutex_lock(&e->mu);
    e->config++;
    gorc_rwmutex_unlock(&e->mu);
}

int main(void)
{
    struct exec *e = calloc(1, sizeof *e);
    gorc_waitgroup wg = {0};
    gorc_wg_go(&wg, prepare, e);
    gorc_wg_go(&wg, update, e);
    gorc_wg_wait(&wg);
    free(e);
    return 0;
}
