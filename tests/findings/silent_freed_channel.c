/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of lost_channel.c and lost_channel_once.c: whoever makes a channel frees it. A
 * worker that has been given a reference keeps a channel whose maker has ended. What main makes for
 * itself, typed or not, is not told: it ends with the process.
 */
#include <gorc.h>
#include <stdlib.h>

static gorc_chan *kept;
gorc_chan **is_kept = &kept;

GORC_CHAN(numbers, int)

struct server {
    gorc_chan *requests;
};
static struct server *server;

static __attribute__((noinline)) void request(int value)
{
    gorc_chan *reply = gorc_chan_new(sizeof(int), 1);
    gorc_set_name(reply, "reply");
    gorc_chan_send(reply, &value);
    gorc_chan_recv(reply, &value);
    gorc_chan_unref(reply);
}

static __attribute__((noinline)) void wait_a_little(void)
{
    gorc_chan *after = gorc_after(GORC_MILLISECOND);
    gorc_chan_recv(after, NULL);
    gorc_chan_unref(after);
}

static void worker(void *arg)
{
    gorc_chan *jobs = arg;
    while (gorc_chan_recv(jobs, NULL))
        ;
    gorc_chan_unref(jobs);
}

int main(void)
{
    kept = gorc_chan_new(0, 0);
    gorc_chan_new(0, 0);
    numbers typed = numbers_new(1);
    numbers_send(numbers_tx_of(typed), 1);
    server = malloc(sizeof *server);
    server->requests = gorc_chan_new(0, 1);
    gorc_waitgroup wg = {0};
    gorc_wg_go(&wg, worker, gorc_chan_ref(server->requests));
    for (int i = 0; i < 10; i++) {
        request(i);
        wait_a_little();
        gorc_chan_send(server->requests, NULL);
    }
    gorc_chan_close(server->requests);
    gorc_wg_wait(&wg);
    gorc_chan_unref(server->requests);
    free(server);
    return 0;
}
