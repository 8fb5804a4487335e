/* SPDX-License-Identifier: MIT
 *
 * A request makes two channels and starts a worker that answers on one of them; the request gives
 * up after 1 ms, which is too early.
 *
 * verdict: leak
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

struct request {
    gorc_chan *result, *error;
};

static void work(void *arg)
{
    struct request *r = arg;
    int answer = 1;
    hidden_yield_until(1); /* it takes longer */
    hidden_step();
    gorc_chan_send(r->result, &answer); /* HERE: send */
}

static __attribute__((noinline)) int finish_request(void)
{
    struct request *r = malloc(sizeof *r);
    r->result = gorc_chan_new(sizeof(int), 0); /* HERE: made */
    r->error = gorc_chan_new(sizeof(int), 0);
    gorc_go(work, r); /* HERE: go */
    gorc_case cases[] = {gorc_case_recv(r->result, NULL), gorc_case_recv(r->error, NULL),
        gorc_case_after(GORC_MILLISECOND)};
    return gorc_select(cases, 3);
}

int main(void)
{
    finish_request(); /* HERE: call */
    hidden_step();
    hidden_yield_until(2);
    return 0;
}
