/* SPDX-License-Identifier: MIT
 *
 * The keep-alive goroutine finds no active stream and waits to be woken, with the transport's lock
 * held; who makes a stream needs the lock before it can wake it. Decided by who locks first: here
 * the keep-alive. main returns.
 *
 * verdict: deadlock
 */
#include <gorc.h>
#include <stdlib.h>

struct transport {
    gorc_mutex mu;
    gorc_chan *awake;
    int streams;
};

static void new_stream(void *arg)
{
    struct transport *t = arg;
    gorc_mutex_lock(&t->mu); /* HERE: lock */
    if (++t->streams == 1) {
        gorc_case wake = gorc_case_send(t->awake, NULL);
        gorc_select_try(&wake, 1);
    }
    gorc_mutex_unlock(&t->mu);
}

static void keep_alive(void *arg)
{
    struct transport *t = arg;
    gorc_mutex_lock(&t->mu); /* HERE: keep-alive */
    gorc_go(new_stream, t);  /* HERE: go-stream */
    if (t->streams == 0)
        gorc_chan_recv(t->awake, NULL); /* HERE: recv */
    gorc_mutex_unlock(&t->mu);
}

static __attribute__((noinline)) void start(void)
{
    struct transport *t = calloc(1, sizeof *t);
    t->awake = gorc_chan_new(0, 0);
    gorc_go(keep_alive, t); /* HERE: go-keep-alive */
}

int main(void)
{
    start(); /* HERE: start */
    for (int i = 0; i < 10; i++)
        gorc_yield();
    return 0;
}
