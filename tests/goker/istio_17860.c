/* SPDX-License-Identifier: MIT
 *
 * An agent's runner takes the status of each epoch that ends and returns when none is left. An
 * epoch that is started later sends its status to nobody.
 *
 * verdict: leak
 */
#include <gorc.h>
#include <stdlib.h>

struct agent {
    gorc_mutex mu;
    gorc_chan *status;
    int active;
};

struct epoch {
    struct agent *agent;
    int number;
};

static void wait_exit(void *arg)
{
    struct epoch *e = arg;
    gorc_chan_send(e->agent->status, &e->number); /* HERE: send */
    free(e);
}

static void restart(struct agent *a, int number)
{
    struct epoch *e = malloc(sizeof *e);
    *e = (struct epoch){a, number};
    gorc_mutex_lock(&a->mu);
    a->active++;
    gorc_go(wait_exit, e); /* HERE: go */
    gorc_mutex_unlock(&a->mu);
}

static void runner(void *arg)
{
    struct agent *a = arg;
    int number;
    for (;;) {
        gorc_chan_recv(a->status, &number);
        gorc_mutex_lock(&a->mu);
        int left = --a->active;
        gorc_mutex_unlock(&a->mu);
        if (left == 0)
            return;
    }
}

static __attribute__((noinline)) void run(void)
{
    struct agent *a = calloc(1, sizeof *a);
    a->status = gorc_chan_new(sizeof(int), 0); /* HERE: made */
    gorc_go(runner, a);
    restart(a, 0); /* HERE: first */
    gorc_yield();
    gorc_yield();
    gorc_yield();
    restart(a, 1); /* HERE: second */
}

int main(void)
{
    run(); /* HERE: run */
    gorc_yield();
    return 0;
}
