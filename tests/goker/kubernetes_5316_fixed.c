/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of kubernetes_5316.c: the channel has room for an answer that nobody awaits.
 */
#include <gorc.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "barrier.h"

struct request {
    gorc_chan *result, *error;
    atomic_int users;
};

/* By the last of the two who have it. */
static void release(struct request *r)
{
    if (atomic_fetch_sub(&r->users, 1) > 1)
        return;
    gorc_chan_unref(r->result);
    gorc_chan_unref(r->error);
    free(r);
}

static void work(void *arg)
{
    struct request *r = arg;
    int answer = 1;
    hidden_yield_until(1); /* it takes longer */
    hidden_step();
    gorc_chan_send(r->result, &answer);
    release(r);
}

static __attribute__((noinline)) int finish_request(void)
{
    struct request *r = malloc(sizeof *r);
    r->result = gorc_chan_new(sizeof(int), 1);
    r->error = gorc_chan_new(sizeof(int), 0);
    r->users = 2;
    gorc_go(work, r);
    gorc_case cases[] = {gorc_case_recv(r->result, NULL), gorc_case_recv(r->error, NULL),
        gorc_case_after(GORC_MILLISECOND)};
    int first = gorc_select(cases, 3);
    release(r);
    return first;
}

int main(void)
{
    finish_request();
    hidden_step();
    hidden_yield_until(2);
    return 0;
}
