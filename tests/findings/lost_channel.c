/* SPDX-License-Identifier: MIT
 *
 * Two channels that nobody frees: a reply channel for each request, and a gorc_after channel for
 * each round of a loop. They are told, and do not count. Those that are
 * still referred to are not: the one that a global has, and the one in main's struct on the heap.
 */
#include <gorc.h>
#include <stdlib.h>

static gorc_chan *kept;
gorc_chan **is_kept = &kept;

struct server {
    gorc_chan *requests;
};
static struct server *server;

static __attribute__((noinline)) void request(int value)
{
    gorc_chan *reply = gorc_chan_new(sizeof(int), 1); /* HERE: reply */
    gorc_set_name(reply, "reply");
    gorc_chan_send(reply, &value);
    gorc_chan_recv(reply, &value);
}

static __attribute__((noinline)) void wait_a_little(void)
{
    gorc_chan *after = gorc_after(GORC_MILLISECOND); /* HERE: after */
    gorc_chan_recv(after, NULL);
}

/* What others have left on the stack would count as a reference. */
static __attribute__((noinline)) void scrub(void)
{
    volatile char stack[4096];
    for (size_t i = 0; i < sizeof stack; i++)
        stack[i] = 0;
}

int main(void)
{
    kept = gorc_chan_new(0, 0);
    server = malloc(sizeof *server);
    server->requests = gorc_chan_new(sizeof(int), 1);
    for (int i = 0; i < 10; i++) {
        request(i);      /* HERE: request */
        wait_a_little(); /* HERE: wait */
        scrub();
    }
    gorc_yield();
    return server->requests == NULL;
}
