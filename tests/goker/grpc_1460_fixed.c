/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of grpc_1460.c: the keep-alive waits without the lock, and the channel has room for
 * one wake-up.
 */
#include <gorc.h>
#include <stdlib.h>

struct transport {
    gorc_mutex mu;
    gorc_chan *awake;
    gorc_waitgroup all;
    int streams;
};

static void new_stream(void *arg)
{
    struct transport *t = arg;
    gorc_mutex_lock(&t->mu);
    if (++t->streams == 1) {
        gorc_case wake = gorc_case_send(t->awake, NULL);
        gorc_select_try(&wake, 1);
    }
    gorc_mutex_unlock(&t->mu);
}

static void keep_alive(void *arg)
{
    struct transport *t = arg;
    gorc_mutex_lock(&t->mu);
    gorc_wg_go(&t->all, new_stream, t);
    int streams = t->streams;
    gorc_mutex_unlock(&t->mu);
    if (streams == 0)
        gorc_chan_recv(t->awake, NULL);
}

int main(void)
{
    struct transport *t = calloc(1, sizeof *t);
    t->awake = gorc_chan_new(0, 1);
    gorc_wg_go(&t->all, keep_alive, t);
    gorc_wg_wait(&t->all);
    gorc_chan_unref(t->awake);
    free(t);
    return 0;
}
