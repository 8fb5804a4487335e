/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of etcd_6857.c: the request is given up when the node is done.
 */
#include <gorc.h>
#include <stdlib.h>

struct node {
    gorc_chan *status, *stop, *done;
};

static void run(void *arg)
{
    struct node *n = arg;
    for (;;) {
        gorc_case c[] = {gorc_case_recv(n->status, NULL), gorc_case_recv(n->stop, NULL)};
        if (gorc_select(c, 2) == 1) {
            gorc_chan_close(n->done);
            return;
        }
    }
}

static void status(void *arg)
{
    struct node *n = arg;
    gorc_case c[] = {gorc_case_send(n->status, NULL), gorc_case_recv(n->done, NULL)};
    gorc_select(c, 2);
}

static void stop(struct node *n)
{
    gorc_case c[] = {gorc_case_send(n->stop, NULL), gorc_case_recv(n->done, NULL)};
    gorc_select(c, 2);
    gorc_chan_recv(n->done, NULL);
}

int main(void)
{
    struct node *n = calloc(1, sizeof *n);
    n->status = gorc_chan_new(0, 0);
    n->stop = gorc_chan_new(0, 0);
    n->done = gorc_chan_new(0, 0);
    gorc_go(run, n);
    stop(n);
    gorc_go(status, n);
    gorc_yield();
    return 0;
}
