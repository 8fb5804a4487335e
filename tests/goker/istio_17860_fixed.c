/* SPDX-License-Identifier: MIT
 *
 * Repaired: the runner goes on until it is cancelled, and whoever has a status gives up then, too.
 */
#include <gorc.h>
#include <stdlib.h>

struct agent {
    gorc_mutex mu;
    gorc_chan *status;
    gorc_ctx *ctx;
    gorc_waitgroup wg;
    int active;
};

struct epoch {
    struct agent *agent;
    int number;
};

static void wait_exit(void *arg)
{
    struct epoch *e = arg;
    gorc_case cases[] = {gorc_case_send(e->agent->status, &e->number),
        gorc_case_recv(gorc_ctx_done(e->agent->ctx), NULL)};
    gorc_select(cases, 2);
    gorc_wg_done(&e->agent->wg);
    free(e);
}

static void restart(struct agent *a, int number)
{
    struct epoch *e = malloc(sizeof *e);
    *e = (struct epoch){a, number};
    gorc_mutex_lock(&a->mu);
    a->active++;
    gorc_wg_add(&a->wg, 1);
    gorc_go(wait_exit, e);
    gorc_mutex_unlock(&a->mu);
}

static void runner(void *arg)
{
    struct agent *a = arg;
    int number;
    for (;;) {
        gorc_case cases[] = {
            gorc_case_recv(a->status, &number), gorc_case_recv(gorc_ctx_done(a->ctx), NULL)};
        if (gorc_select(cases, 2) == 1)
            break;
        gorc_mutex_lock(&a->mu);
        a->active--;
        gorc_mutex_unlock(&a->mu);
    }
    gorc_wg_done(&a->wg);
}

int main(void)
{
    struct agent *a = calloc(1, sizeof *a);
    a->status = gorc_chan_new(sizeof(int), 0);
    a->ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_wg_add(&a->wg, 1);
    gorc_go(runner, a);
    restart(a, 0);
    gorc_yield();
    restart(a, 1);
    gorc_yield();
    gorc_ctx_cancel(a->ctx);
    gorc_wg_wait(&a->wg);
    gorc_ctx_free(a->ctx);
    gorc_chan_unref(a->status);
    free(a);
    return 0;
}
